import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { Passwords } from '../../src/auth/accounts/passwords.js';
import { RegistrationService } from '../../src/auth/accounts/registration.service.js';
import { AuthModule } from '../../src/auth/auth.module.js';
import { AuthService } from '../../src/auth/auth.service.js';
import { Sessions } from '../../src/auth/sessions/sessions.js';
import { AccessTokens } from '../../src/auth/tokens/access-token.js';
import type { RegistrationView } from '../../src/auth/tokens/tokens.view.js';
import { Clock } from '../../src/common/clock.js';
import type { Principal } from '../../src/common/access/principal.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { Configuration } from '../../src/config/configuration.js';
import { Database } from '../../src/database/database.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import type { DomainEvents } from '../../src/events/domain-events.js';
import { EventBus } from '../../src/events/event-bus.js';
import { EventsModule } from '../../src/events/events.module.js';
import { KeysModule } from '../../src/integrations/keys/keys.module.js';
import { LimitsModule } from '../../src/limits/limits.module.js';
import { UsersModule } from '../../src/users/users.module.js';
import { UsersService } from '../../src/users/users.service.js';
import { createTestDatabase, type TestDatabase } from './databases/postgres.js';

export const PASSWORD = 'correct horse battery';

/** Stands still within a test, so that what a slow machine takes is no part of the times that a test is about. */
class SettableClock extends Clock {
  ahead = 0;
  private stoppedAt = Date.now();

  stop(): void {
    this.stoppedAt = Date.now();
    this.ahead = 0;
  }

  override now(): number {
    return this.stoppedAt + this.ahead;
  }
}

export const clock = new SettableClock();
/** What was published since the test began. */
export const endings: DomainEvents['session.ended'][] = [];
let testDatabase: TestDatabase;
export let server: TestingModule;
export let auth: AuthService;
export let users: UsersService;
export let sessions: Sessions;
export let accessTokens: AccessTokens;
export let passwords: Passwords;
export let database: Database;
let count = 0;

/** The services of accounts on a database of their own, without the rest of the application. */
export function setUpAccounts(): void {
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    const configuration = Configuration.fromEnvironment({
      DATABASE_URL: testDatabase.url,
      JWT_SECRET: 'a secret for the tests of accounts alone',
    });
    server = await Test.createTestingModule({
      imports: [
        ConfigModule.with(configuration),
        DatabaseModule,
        EventsModule,
        LimitsModule.with(),
        UsersModule,
        AuthModule,
        KeysModule,
      ],
    })
      .overrideProvider(Clock)
      .useValue(clock)
      .compile();
    await server.init();
    auth = server.get(AuthService);
    users = server.get(UsersService);
    sessions = server.get(Sessions);
    accessTokens = server.get(AccessTokens);
    passwords = server.get(Passwords);
    database = server.get(Database);
    server.get(EventBus).subscribe('session.ended', (event) => void endings.push(event));
  });

  afterAll(async () => {
    await server?.close();
    await testDatabase?.drop();
  });

  beforeEach(() => {
    clock.stop();
    endings.length = 0;
  });
}

export function register(
  input: { email?: string; username?: string; displayName?: string } = {},
): Promise<RegistrationView> {
  count += 1;
  const registration = { email: `user${count}@example.com`, password: PASSWORD, ...input };
  return server.get(RegistrationService).register(registration, '::ffff:192.0.2.1') as Promise<RegistrationView>;
}

export function principalOf({ accessToken }: { accessToken: string }): Principal {
  return accessTokens.verify(accessToken).principal;
}

export function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  );
}
