/**
 * Whether a snapshot of the database saw what this transaction committed: `pg_visible_in_snapshot`, for what is compared with
 * many.
 * @param snapshot `xmin:xmax:xip,…`, as PostgreSQL writes it
 */
export function isVisibleIn(snapshot: string, xid: bigint): boolean {
  const [xmin = '', xmax = '', underWay = ''] = snapshot.split(':');
  if (xid < BigInt(xmin)) return true;
  return xid < BigInt(xmax) && !underWay.split(',').includes(String(xid));
}
