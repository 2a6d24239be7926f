declare const rooms: { ROOMS: Readonly<Record<string, readonly string[]>> };
export = rooms;
