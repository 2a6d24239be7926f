const DEADLOCK_DETECTED = '40P01';
const SERIALIZATION_FAILURE = '40001';

/** Whether the database undid a transaction because it stood in the way of another: the same may succeed at once. */
export function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === DEADLOCK_DETECTED || code === SERIALIZATION_FAILURE;
}

const QUERY_CANCELED = '57014';
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Whether the database gave a statement up, undone, that may succeed another time: it took too long, waited too long for
 * a lock, or stood in the way of others.
 */
export function isStatementGivenUp(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === QUERY_CANCELED || code === LOCK_NOT_AVAILABLE || isTransient(error);
}

/** Whether a statement took longer than it may: PostgreSQL says so, or the driver, whose time is the same. */
export function isTimeout(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === QUERY_CANCELED || message === 'Query read timeout';
}

/**
 * Whether the database lacks something that no statement is to blame for, and did nothing: disk (53100), memory (53200),
 * a limit of its configuration (53400), a disk that works (58030); or it has become a standby that only reads (25006).
 */
export function isResourceFailure(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^(53[0124]00|58030|25006)$/.test(code);
}

/** Whether the database could not be reached or went away, as opposed to refusing a statement. */
export function isConnectionFailure(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    // Class 08: connection exceptions; 57P: the server shuts down, starts, or ended this connection; 53300: too many connections.
    if (/^(08|57P)/.test(code) || code === '53300') return true;
    if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN)/.test(code)) return true;
    // A Unix socket whose server is not there, or has too many before it.
    if (code === 'ENOENT' || code === 'EAGAIN') return (error as { syscall?: unknown }).syscall === 'connect';
  }
  return (
    error instanceof Error &&
    /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      error.message,
    )
  );
}

/**
 * Whether a statement was sent whose answer did not come: it may have been done, or may still be. Also what PostgreSQL or a
 * pooler before it says while it ends the connection, perhaps behind the commit.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
  const isOfConnecting =
    syscall === 'connect' ||
    (typeof code === 'string' && /^(57P03|53300|08001|08004|ENOTFOUND|EAI_AGAIN)$/.test(code)) ||
    (typeof message === 'string' && message.startsWith('timeout exceeded when trying to connect'));
  return isConnectionFailure(error) && !isOfConnecting;
}

const MAX_CAUSE_DEPTH = 5;

/** Whether an error, or what caused it, is one of these: the same may succeed later, and the caller is not to blame. */
export function isTemporaryFailure(error: unknown): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSE_DEPTH && typeof current === 'object' && current !== null; depth += 1) {
    if (isConnectionFailure(current) || isStatementGivenUp(current) || isResourceFailure(current)) return true;
    current = (current as { cause?: unknown }).cause;
  }
  return false;
}
