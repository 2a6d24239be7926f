import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import { eventView, shownSentence } from '../conversations/groups/system-event.js';
import { pagesBy, pagesById, PersonalData, type PersonalDataSource } from '../users/personal-data/personal-data.js';
import { type ExportedMessage, MessagesPersonalDataRepository } from './messages-personal-data.repository.js';

function withoutKey(row: ExportedMessage & { key: string }): object {
  const { key, ...rest } = row;
  void key;
  return exported(rest);
}

function exported({ system, ...row }: ExportedMessage): object {
  return system === null ? row : { ...row, content: row.content ?? shownSentence(system), system: eventView(system) };
}

/**
 * Erases what there may be very much of: before the transaction that forgets the user, which must not take longer than a
 * statement may, and within it what came since.
 */
function inBatches(
  erase: (userId: string, transaction?: Transaction) => Promise<boolean>,
): Pick<PersonalDataSource, 'prepare' | 'erase'> {
  return {
    prepare: async ({ userId }) => {
      for (let isMore = true; isMore; ) isMore = await erase(userId);
    },
    erase: async (transaction, userId) => {
      for (let isMore = true; isMore; ) isMore = await erase(userId, transaction);
      return undefined;
    },
  };
}

/**
 * Messages of a user who wants a copy, or to be forgotten. What was written to others stays theirs, under the name of
 * nobody; so does what the server said of the user, whose sentences are made with the names that people have.
 */
@Injectable()
export class MessagesPersonalData implements OnModuleInit {
  constructor(
    private readonly repository: MessagesPersonalDataRepository,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'messages',
      export: (userId) => this.exportWritten(userId),
      erase: async (transaction, userId) => {
        await this.repository.forgetNames(transaction, userId);
        return undefined;
      },
    });
    this.personalData.register({
      name: 'reactions',
      export: (userId) => pagesById((after) => this.repository.reactions(userId, after)),
      ...inBatches((userId, transaction) => this.repository.deleteReactions(userId, transaction)),
    });
    this.personalData.register({
      name: 'hiddenMessages',
      export: (userId) => pagesById((after) => this.repository.hidden(userId, after)),
      ...inBatches((userId, transaction) => this.repository.deleteHidden(userId, transaction)),
    });
  }

  /** All that the user wrote, and what it did in groups; in no order of time. */
  private async *exportWritten(userId: string): AsyncGenerator<object[]> {
    const events = pagesById((after) => this.repository.events(userId, after));
    const messages = pagesBy<ExportedMessage & { key: string }>(
      ({ key }) => key,
      (after) => this.repository.listWrittenBy(userId, after),
    );
    for await (const page of events) yield page.map(exported);
    for await (const page of messages) yield page.map(withoutKey);
  }
}
