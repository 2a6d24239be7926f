import type { DomainEvents } from '../../events/domain-events.js';

/** Of what is sent between processes. Another version is not read, but taken for a gap. */
const VERSION = 'parley1';
const NONE = '-';

/** What a process publishes in one turn of its event loop. */
export interface Frame {
  nodeId: string;
  /** Of this process, counted from 1 without a gap. */
  number: number;
  /** The last one: the process has ended, and nothing of it is under way any more. */
  isLast: boolean;
  operations: Operation[];
}

/** One event. What decides whether anybody here is concerned stands apart, so that nothing else is parsed for nothing. */
export interface Operation {
  name: keyof DomainEvents;
  conversationId: string | undefined;
  userIds: string[];
  /** Of a new message. */
  seq: number | undefined;
  /** JSON of the event. */
  payload: string;
}

export function encodeFrame({ nodeId, number, isLast, operations }: Frame): string {
  const lines = operations.map(({ name, conversationId = NONE, userIds, seq = 0, payload }) =>
    [name, conversationId, userIds.join(','), seq, payload].join('\t'),
  );
  return [`${VERSION} ${nodeId} ${number} ${isLast ? 'last' : NONE}`, ...lines].join('\n');
}

/** Undefined for what is no frame of this version. */
export function decodeFrame(text: string): Frame | undefined {
  const end = text.indexOf('\n');
  const [version, nodeId, number, last] = (end === -1 ? text : text.slice(0, end)).split(' ');
  if (version !== VERSION || nodeId === undefined || number === undefined || !/^\d{1,15}$/.test(number))
    return undefined;
  const operations =
    end === -1
      ? []
      : text
          .slice(end + 1)
          .split('\n')
          .map(operationOf);
  return { nodeId, number: Number(number), isLast: last === 'last', operations };
}

function operationOf(line: string): Operation {
  // JSON has no raw tabs, so the payload is the rest.
  const parts: string[] = [];
  let from = 0;
  for (let field = 0; field < 4; field += 1) {
    const tab = line.indexOf('\t', from);
    parts.push(line.slice(from, tab));
    from = tab + 1;
  }
  const [name = '', conversationId = NONE, userIds = '', seq = '0'] = parts;
  return {
    name: name as keyof DomainEvents,
    conversationId: conversationId === NONE ? undefined : conversationId,
    userIds: userIds === '' ? [] : userIds.split(','),
    seq: seq === '0' ? undefined : Number(seq),
    payload: line.slice(from),
  };
}
