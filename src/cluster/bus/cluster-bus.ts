/** What a bus has to report of itself. */
export interface BusListener {
  /** A frame of any process, this one's own included. */
  received(frame: string): void;
  /** The bus carries again what is published; frames may have been lost before. */
  connected(): void;
  disconnected(): void;
}

/**
 * Carries frames between the processes of one server.
 *
 * An implementation guarantees: `publish` never waits and never throws, and what cannot be sent now is dropped, within bounds
 * of memory; what is not taken by what carries it within 2 s is dropped with its connection, so that none is lost long after
 * it was sent; frames of one process that arrive do so in its order. It does not guarantee that a frame arrives: receivers
 * see gaps by the frames' numbers (`Peers`), and read what they missed from the database (`CatchUp`).
 */
export abstract class ClusterBus {
  /** Resolves once it has begun to connect; it goes on trying by itself. */
  abstract start(listener: BusListener): Promise<void>;
  abstract publish(frame: string): void;
  abstract stop(): Promise<void>;
}
