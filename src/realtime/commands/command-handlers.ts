import type { ClientEventName, PayloadOf, ResultOf } from '../protocol/client-events.js';
import type { Connection } from './connection.js';

/** What is done for each of these commands, whose payloads are validated by then. */
export type Handlers<Names extends ClientEventName = ClientEventName> = {
  readonly [Name in Names]: (connection: Connection, payload: PayloadOf<Name>) => Promise<ResultOf<Name>>;
};
