import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { Principal } from '../../common/access/principal.js';
import { HeavyQueries } from '../../limits/reads/heavy-queries.js';
import { PersonalData } from '../../users/personal-data/personal-data.js';
import { UsersService } from '../../users/users.service.js';

/** A user's right to a copy of everything (contract, section 3). */
@Injectable()
export class AccountExport {
  constructor(
    private readonly users: UsersService,
    private readonly personalData: PersonalData,
    private readonly heavyQueries: HeavyQueries,
    private readonly clock: Clock,
  ) {}

  /**
   * Everything that is stored of the caller, as the text of one JSON object, piece by piece. Read page by page and not as
   * of one moment.
   */
  async export(principal: Principal): Promise<AsyncGenerator<string>> {
    return this.pieces(principal, await this.users.requireOwn(principal));
  }

  private async *pieces(principal: Principal, profile: object): AsyncGenerator<string> {
    yield `{"exportedAt":${JSON.stringify(new Date(this.clock.now()).toISOString())},"profile":${JSON.stringify(profile)}`;
    for (const { name, export: pages } of this.personalData.sources) {
      yield `,${JSON.stringify(name)}:[`;
      let isFirst = true;
      for await (const page of this.inTurns(principal.userId, pages(principal.userId))) {
        yield `${isFirst ? '' : ','}${page.map((item) => JSON.stringify(item)).join(',')}`;
        isFirst = false;
      }
      yield ']';
    }
    yield '}\n';
  }

  /** Each page is read in its turn: who takes them slowly holds nothing meanwhile. */
  private async *inTurns<Page>(userId: string, pages: AsyncIterable<Page>): AsyncGenerator<Page> {
    const iterator = pages[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.heavyQueries.runInBackground(userId, () => iterator.next());
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
