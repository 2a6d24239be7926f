import { Injectable, type OnModuleInit } from '@nestjs/common';
import { eventView, shownSentence } from '../conversations/groups/system-event.js';
import { pagesBy, pagesById, PersonalData } from '../users/personal-data/personal-data.js';
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
      erase: async (transaction, userId) => {
        await this.repository.deleteReactions(transaction, userId);
        return undefined;
      },
    });
    this.personalData.register({
      name: 'hiddenMessages',
      export: (userId) => pagesById((after) => this.repository.hidden(userId, after)),
      erase: async (transaction, userId) => {
        await this.repository.deleteHidden(transaction, userId);
        return undefined;
      },
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
