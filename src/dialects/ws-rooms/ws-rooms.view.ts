/** A message as this dialect has it. */
export class RoomMessage {
  id!: string;
  roomId!: string;
  content!: string;
  senderId!: string;
  createdAt!: string;
  /** Beside what the document has: the URLs of what it carries, where it carries anything. */
  images?: string[];
}

/** A direct conversation as this dialect has it. */
export class Room {
  id!: string;
  /** The lower id first. */
  user1Id!: string;
  user2Id!: string;
  createdAt!: string;
}

export class ListedRoom extends Room {
  /** The newest one, if there is any. */
  messages!: RoomMessage[];
}

export class RoomsView {
  rooms!: ListedRoom[];
  nextCursor!: string | null;
  /** The access token that the request came with: to open WebSockets with. */
  token!: string;
}

export class OpenedRoom extends Room {
  /** The access token that the request came with: to open WebSockets with. */
  token!: string;
}

export class RoomsUser {
  id!: string;
  email!: string | null;
  createdAt!: string;
}

/** The user who is logged in, as pages of this dialect look for it. */
export class RoomsProfile {
  user!: RoomsUser;
}
