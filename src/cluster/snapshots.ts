/** Of a snapshot of PostgreSQL, `xmin:xmax:xip,…`: all transactions before it have ended. */
export function xminOf(snapshot: string): bigint {
  return BigInt(snapshot.split(':')[0] ?? '');
}

/** No transaction from it on had begun. */
export function xmaxOf(snapshot: string): bigint {
  return BigInt(snapshot.split(':')[1] ?? '');
}

/** The one of two that was taken first. */
export function older(one: string, other: string): string {
  const difference = xmaxOf(one) - xmaxOf(other) || xminOf(one) - xminOf(other);
  return difference <= 0n ? one : other;
}
