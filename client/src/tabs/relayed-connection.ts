import {
  type CatchUp,
  type ClientEventName,
  type Connection,
  type ConnectionSnapshot,
  type ServerEvent,
} from '../connection/types.js';
import { Listeners } from '../connection/listeners.js';
import type { Unsubscribe } from '../ports/environment.js';
import { defined } from '../protocol/defined.js';
import { ChatError } from '../protocol/errors.js';
import type { ClientEvents, ServerEvents } from '../protocol/protocol.generated.js';
import type { Answers, FollowingConnection, Tabs } from './types.js';

type Ready = ServerEvents['session:ready'];

/** What the leading tab posts to the others of its connection. */
export interface RelayedStatus {
  type: 'connection';
  snapshot: ConnectionSnapshot;
  ready?: Ready;
}

/** The leader's side: its status and events go to the other tabs, their requests over its socket. */
export function relayConnection(
  connection: Connection,
  tabs: Tabs,
  lastReady: () => Ready | undefined,
  answers: Answers,
): Unsubscribe {
  const status = (): RelayedStatus => {
    return defined({ type: 'connection' as const, snapshot: connection.getSnapshot(), ready: lastReady() });
  };
  const post = (): void => tabs.post({ ...status() });
  const ends = [connection.subscribe(post), connection.onEvent((event) => tabs.post({ type: 'event', event }))];
  tabs.onAsk((name, payload) => {
    if (name === 'connection') return Promise.resolve(status());
    if (name === 'cancel' || name === 'shown') return answers[name](payload);
    const { event, payload: content } = payload as { event: ClientEventName; payload: never };
    return connection.request(event, content);
  });
  post();
  return () => {
    for (const end of ends) end();
  };
}

/**
 * The connection of a tab that does not lead: the leader's socket is its socket. It catches up for itself, over the leader,
 * so that what it shows does not depend on what was posted while it did not listen.
 */
export class RelayedConnection implements FollowingConnection {
  #snapshot: ConnectionSnapshot = { status: 'connecting' };
  #catchingUp: AbortController | undefined;
  readonly #listeners = new Listeners();
  readonly #eventListeners = new Listeners<[event: ServerEvent]>();
  #end: Unsubscribe = () => undefined;

  constructor(
    private readonly tabs: Tabs,
    private readonly catchUp: CatchUp,
  ) {}

  /** Not before what is stored is loaded: what catching up brings comes on top of it. */
  start(): void {
    const { tabs } = this;
    this.#end = tabs.onMessage((message) => {
      if (message.type === 'connection') {
        if (tabs.isOfLeader(message)) this.#take(message as unknown as RelayedStatus);
      } else if (message.type === 'leader') this.#ask();
      else if (message.type === 'no-leader') this.#take({ type: 'connection', snapshot: { status: 'offline' } });
      else if (message.type === 'event') this.#eventListeners.call(message['event'] as ServerEvent);
    });
    this.#ask();
  }

  #ask(): void {
    this.tabs.ask('connection', {}).then(
      (status) => this.#take(status as RelayedStatus),
      () => undefined,
    );
  }

  readonly getSnapshot = (): ConnectionSnapshot => this.#snapshot;

  readonly subscribe = this.#listeners.add;

  readonly onEvent = this.#eventListeners.add;

  async request<Name extends ClientEventName>(
    event: Name,
    payload: ClientEvents[Name]['payload'],
  ): Promise<ClientEvents[Name]['answer']> {
    if (this.#snapshot.status !== 'live' && this.#snapshot.status !== 'catching-up')
      throw new ChatError('NOT_CONNECTED', 'Nothing was sent: the connection is not live.');
    try {
      return (await this.tabs.ask('request', { event, payload })) as ClientEvents[Name]['answer'];
    } catch (error) {
      // An error that crossed from the other tab is only its fields.
      const { code, message, ...details } = error as Partial<ChatError>;
      throw new ChatError(code ?? 'NETWORK', message ?? 'The tab that leads did not answer.', details);
    }
  }

  close(): void {
    this.#end();
    this.#catchingUp?.abort();
    this.#show({ status: 'offline' });
  }

  #take({ snapshot, ready }: RelayedStatus): void {
    if (snapshot.status !== 'live' || ready === undefined) {
      this.#catchingUp?.abort();
      this.#catchingUp = undefined;
      return this.#show(snapshot);
    }
    if (this.#catchingUp !== undefined) return;
    const controller = new AbortController();
    this.#catchingUp = controller;
    this.#show({ status: 'catching-up' });
    this.catchUp(ready, controller.signal).then(
      () => {
        if (this.#catchingUp === controller) this.#show(snapshot);
      },
      () => {
        // The leader's next word begins it again.
        if (this.#catchingUp === controller) this.#catchingUp = undefined;
      },
    );
  }

  #show(snapshot: ConnectionSnapshot): void {
    this.#snapshot = snapshot;
    this.#listeners.call();
  }
}
