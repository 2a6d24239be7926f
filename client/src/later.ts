/**
 * What follows the first load of a page: all that is not needed to show what is cached. One file, since each of several would
 * be compressed by itself, and asked for by itself.
 */
import type { Session } from './auth/session.js';
import { SessionTokens } from './auth/session-tokens.js';
import { doubledMs, pause } from './connection/backoff.js';
import type { Observable, ServerEvent } from './connection/types.js';
import { type Calls, callsOf } from './facade/calls.js';
import type { Observe } from './facade/friends.js';
import { clientClosed, SignIn, type SignInAccount } from './facade/sign-in.js';
import { uploadFile } from './facade/upload-file.js';
import { anotherSession, authenticatedHttp, call } from './http/http.js';
import type { Http, HttpAnswer, HttpRequest } from './http/types.js';
import { sentTo } from './outbox/sent-to.js';
import type { OutboxItem, UploadSource } from './outbox/types.js';
import { defaultConnectivity, defaultLifecycle } from './ports/page.js';
import type { GivenPorts } from './ports/ports.js';
import { socketIo } from './ports/socket-io.js';
import type { Attachment } from './protocol/protocol.generated.js';
import { RunningAccount, type RunningAccountGiven } from './running-account.js';
import type { Answer } from './sync/types.js';
import { processLock } from './tabs/process-lock.js';
import { webLock } from './tabs/web-lock.js';

/** The account of the user who is logged in. */
export interface LaterAccount extends SignInAccount {
  /** Called when somebody else is logged in, or nobody. */
  subscribe(listener: () => void): () => void;
  observe: Observe;
  readonly engine: { sync: { apply(answer: Answer): void; handle(event: ServerEvent): void } } | undefined;
  readonly outbox: Observable<readonly OutboxItem[]>;
  readonly shown: { store: { idOf(conversationId: string): string } };
}

export interface LaterPorts extends GivenPorts {
  url: string;
  deviceName?: string;
  session: Session;
  account: LaterAccount;
}

export interface Later {
  http: Http;
  signIn: SignIn;
  calls: Calls;
  upload(file: File | Blob | UploadSource, options: { signal?: AbortSignal }): Promise<Attachment>;
  run(given: RunningAccountGiven): RunningAccount;
  /** Removes the session of this token from its store, which would not have it; nothing else. Never rejects. */
  forget(accessToken: string | undefined): Promise<void>;
}

/** The lock of all clients of this process, where it has no tabs. Two of them may have one session. */
const lockOfProcess = processLock();

export function laterParts(given: LaterPorts): Later {
  const { session, account, locks, isShared, random } = given;
  const isProcessWide = given.lock === undefined && locks === undefined;
  const ports = {
    ...given,
    connectivity: given.connectivity ?? defaultConnectivity(),
    lifecycle: given.lifecycle ?? defaultLifecycle(),
    lock: given.lock ?? (locks === undefined ? lockOfProcess : webLock(locks)),
    socket: given.socket ?? socketIo,
  };
  const sessionTokens = new SessionTokens(session, { ...ports, call, isProcessWide });
  const authenticated = authenticatedHttp(ports, sessionTokens);
  const http: Http = {
    request: async (...request) => {
      if (account.isClosed) throw clientClosed();
      return authenticated.request(...request);
    },
  };
  /** An account's own: what it asks for is neither asked for nor answered as the user who follows. */
  const httpOf = (userId: string): Http => ({
    request: async <Body>(path: string, request?: HttpRequest): Promise<HttpAnswer<Body>> => {
      if (!sessionTokens.isOf(userId)) throw anotherSession();
      const answer = await http.request<Body>(path, request);
      if (!sessionTokens.isOf(userId)) throw anotherSession();
      return answer;
    },
  });
  // A lock of the application's own may be shared with other processes.
  const isAlone = given.lock === undefined && !isShared;
  const idOf = (conversationId: string): string => account.shown.store.idOf(conversationId);
  return {
    http,
    signIn: new SignIn({ ...ports, sessionTokens, http }),
    calls: callsOf(
      http,
      (key) => account.observe(key),
      (answer) => account.engine?.sync.apply(answer),
      idOf,
      async (conversationId) => {
        const { userId } = session;
        const { departures } = account;
        await sentTo(account.outbox, (lane) => idOf(lane) === idOf(conversationId), ports.clock);
        // An outbox that its user leaves waits for nothing: what they wanted done after it is not done as the next user.
        const isOther = userId !== undefined && !sessionTokens.isOf(userId);
        if (isOther || departures !== account.departures) throw anotherSession();
      },
      (event) => account.engine?.sync.handle(event),
    ),
    upload: async (file, { signal }) => {
      const { generation, userId } = session;
      const controller = new AbortController();
      const giveUp = (): void => controller.abort();
      const end = account.subscribe(() => {
        if (account.isClosed || (session.generation !== generation && session.userId !== userId)) giveUp();
      });
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted === true) giveUp();
      try {
        return await uploadFile(http, file, `parley-${random.uuid()}`, { signal: controller.signal });
      } finally {
        end();
        signal?.removeEventListener('abort', giveUp);
      }
    },
    forget: async (accessToken) => {
      const { generation } = session;
      for (let failures = 1; ; failures += 1) {
        await pause(ports.clock, doubledMs(failures));
        const stored = await session.stored();
        // Also while it was read.
        if (account.isClosed || generation !== session.generation) return;
        // Somebody has logged in, in another tab.
        if (stored !== undefined && stored.userId !== '' && stored.accessToken !== accessToken) return;
        try {
          return await session.keepRevocations();
        } catch {
          continue;
        }
      }
    },
    run: (of) => new RunningAccount({ ...ports, ...of, session: sessionTokens, http: httpOf(of.userId), isAlone }),
  };
}
