/** The database cannot be used. The message is the one line that the start prints; it never holds a password. */
export class DatabaseStartError extends Error {
  override readonly name = 'DatabaseStartError';
}

/** Why no connection came about, with the host and the cause: for whoever has to mend it. */
export function connectionFailure(error: unknown, connectionString: string): DatabaseStartError {
  const { host, port, user, database } = namesIn(connectionString);
  const place = port === undefined ? host : `${host}:${port}`;
  return new DatabaseStartError(`DATABASE_URL: ${reason(error, { host, place, user, database })}`, { cause: error });
}

function namesIn(connectionString: string): { host: string; port?: string; user: string; database: string } {
  const url = new URL(connectionString);
  const host = url.searchParams.get('host') ?? (decoded(url.hostname) || 'localhost');
  const user = url.searchParams.get('user') ?? decoded(url.username);
  const database = decoded(url.pathname.slice(1)) || user;
  // A path is a Unix socket; the port is part of its name.
  if (host.startsWith('/')) return { host, user, database };
  return { host, port: url.searchParams.get('port') ?? (url.port || '5432'), user, database };
}

/** As it is where it is no text: the driver takes such a URL, too. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function reason(
  error: unknown,
  { host, place, user, database }: { host: string; place: string; user: string; database: string },
): string {
  // Where a name has several IP addresses, each has its own failure.
  const first = error instanceof AggregateError ? ((error.errors as unknown[])[0] ?? error) : error;
  const { code = '', message = '' } = first as { code?: string; message?: string };
  const said = message.split('\n', 1)[0] ?? '';
  switch (code) {
    case 'ENOTFOUND':
      return `the host "${host}" does not exist (${code}): check its name`;
    case 'EAI_AGAIN':
      return `the host "${host}" cannot be looked up (${code}): the network or its name server does not answer`;
    case 'ECONNREFUSED':
      return `nothing listens at ${place} (${code}): check host and port, and that PostgreSQL runs`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${place} cannot be reached (${code}): check the network`;
    case 'ETIMEDOUT':
      return `${place} does not answer (${code}): check the network and its firewalls`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${place} closed the connection (${code}): check that it is PostgreSQL, and whether it wants TLS (sslmode=verify-full)`;
    case 'ENOENT':
    case 'EACCES':
      return `the socket under ${host} cannot be opened (${code})`;
    case '28P01':
      return `the password of user "${user}" is wrong at ${place} (${code})`;
    case '28000':
      return `PostgreSQL at ${place} does not let user "${user}" in (${code}): ${said}`;
    case '3D000':
      return `there is no database "${database}" at ${place} (${code}): create it`;
    case '57P03':
      return `PostgreSQL at ${place} is starting, stopping or recovering (${code}): try again shortly`;
    case '53300':
      return `PostgreSQL at ${place} has no connections left (${code})`;
  }
  if (/timeout/i.test(said)) return `${place} does not answer: check the network and its firewalls`;
  if (/does not support SSL/i.test(said)) return `PostgreSQL at ${place} does not speak TLS: remove sslmode from it`;
  if (/terminated/i.test(said)) return `${place} closed the connection: check that it is PostgreSQL`;
  // What TLS, authentication or a pooler refuses is in the other side's words, which do not hold our password.
  return `${place} refuses the connection: ${said || code || String(first)}${code === '' ? '' : ` (${code})`}`;
}
