/** The first transaction that may not have ended when a snapshot of PostgreSQL (`xmin:xmax:xip,…`) was taken. */
function xminOf(snapshot: string): bigint {
  return BigInt(snapshot.split(':')[0] ?? '');
}

/** The first transaction that had not begun by then. */
export function xmaxOf(snapshot: string): bigint {
  return BigInt(snapshot.split(':')[1] ?? '');
}

/** The one of two that was taken first. */
export function older(one: string, other: string): string {
  const difference = xmaxOf(one) - xmaxOf(other) || xminOf(one) - xminOf(other);
  return difference <= 0n ? one : other;
}

/** Those of the transactions before `end` that had not ended, in the snapshot's own order; empty where all have. */
export function underWayBefore(end: bigint, snapshot: string): string {
  const [, , transactions = ''] = snapshot.split(':');
  return transactions
    .split(',')
    .filter((xid) => xid !== '' && BigInt(xid) < end)
    .join();
}
