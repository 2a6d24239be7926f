import { Injectable } from '@nestjs/common';
import { NIL_ID } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import type { Transaction } from '../../database/database.js';

/** What stands in texts where a deleted user's name was. */
export const DELETED_DISPLAY_NAME = 'Deleted user';

/** What one feature keeps of a user. */
export interface PersonalDataSource {
  /** The part of an export it fills, in camelCase. */
  readonly name: string;
  /** All of it, in pages of a bounded size. */
  export(userId: string): AsyncIterable<readonly object[]>;
  /** Before the account is erased, each step a transaction of its own: after a crash it is begun again. */
  prepare?(principal: Principal): Promise<void>;
  /** Within the transaction that erases the account. What it answers is called after the commit. */
  erase(transaction: Transaction, userId: string): Promise<(() => void) | undefined>;
}

/** Those that keep something of a user. Features say so themselves when the server starts; nobody here knows them. */
@Injectable()
export class PersonalData {
  private readonly known: PersonalDataSource[] = [];

  register(source: PersonalDataSource): void {
    this.known.push(source);
  }

  get sources(): readonly PersonalDataSource[] {
    return this.known;
  }
}

/**
 * Pages of rows by their last id.
 * @param read the rows after an id, at most `EXPORT_PAGE` of them, ascending
 */
export function pagesById<Row extends { id: string }>(read: (after: string) => Promise<Row[]>): AsyncGenerator<Row[]> {
  return pagesBy(({ id }) => id, read);
}

/** The same by another key of rows, a UUID. */
export async function* pagesBy<Row>(
  keyOf: (row: Row) => string,
  read: (after: string) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  for (let after = NIL_ID; ; ) {
    const rows = await read(after);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < EXPORT_PAGE) return;
    after = keyOf(last);
  }
}

/** Rows that an export reads at once. */
export const EXPORT_PAGE = 500;
