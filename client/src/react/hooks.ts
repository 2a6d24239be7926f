import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { ConnectionSnapshot } from '../connection/types.js';
import type { OutgoingContent } from '../facade/outgoing.js';
import { badgeOf } from '../facade/unread.js';
import { pendingConversationId } from '../outbox/recipient.js';
import type { OutboxItem } from '../outbox/types.js';
import { handled } from '../protocol/handled.js';
import type {
  Attachment,
  Conversation,
  FriendRequest,
  Presence,
  Receipt,
  User,
} from '../protocol/protocol.generated.js';
import type { ConversationItem, MessagesSnapshot, SnapshotOf, StoreKey } from '../store/types.js';
import type { HookClient, HookMessages, Uploadable } from './client.js';
import { useObservable } from './observable.js';
import { withEndsOfMutes } from './ends-of-mutes.js';

// What is rendered where nothing is known: by a server.
const NONE: readonly never[] = [];
const OFFLINE: ConnectionSnapshot = { status: 'offline' };
const NO_MESSAGES: MessagesSnapshot = {
  items: NONE,
  hasOlder: false,
  hasNewer: false,
  firstUnreadSeq: null,
  isLoading: false,
};
const nothing = (): undefined => undefined;
const none = (): readonly never[] => NONE;
const offline = (): ConnectionSnapshot => OFFLINE;
const noMessages = (): MessagesSnapshot => NO_MESSAGES;
const nothingToEnd = () => nothing;
const moveNothing = (): Promise<void> => Promise.resolve();
/** Of a conversation that is not known yet. */
const NO_WINDOW: HookMessages = {
  getSnapshot: noMessages,
  subscribe: nothingToEnd,
  open: nothingToEnd,
  loadOlder: moveNothing,
  loadNewer: moveNothing,
  jumpTo: moveNothing,
  jumpToNewest: moveNothing,
};

const ClientContext = createContext<HookClient | undefined>(undefined);

/** Gives the client to the hooks below. It opens and closes nothing: the application does, outside of rendering. */
export function ChatProvider({ client, children }: { client: HookClient; children?: ReactNode }): ReactNode {
  return createElement(ClientContext.Provider, { value: client }, children);
}

export function useClient(): HookClient {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('There is no <ChatProvider client={…}> above this component.');
  return client;
}

/** Whether messages go out, and if not, when the next try is. */
export function useConnection(): ConnectionSnapshot {
  return useObservable(useClient().connection, undefined, offline);
}

export function useMe(): User | undefined {
  return useKey('me', nothing);
}

/** Pinned first, then newest activity first. */
export function useConversations(): readonly ConversationItem[] {
  return useKey('conversations', none);
}

export function useConversation(conversationId: string): ConversationItem | undefined {
  return useKey(`conversation:${conversationId}`, nothing);
}

/** The unread messages of one conversation; without one, of all that are not muted: what a badge shows. */
export function useUnread(conversationId?: string): number {
  const client = useClient();
  const counted = useMemo(
    () =>
      conversationId === undefined
        ? withEndsOfMutes(client.observe('conversations'))
        : client.observe(`conversation:${conversationId}`),
    [client, conversationId],
  );
  return useObservable<Conversation | readonly Conversation[] | undefined, number>(counted, unreadOf, () => 0);
}

function unreadOf(counted: Conversation | readonly Conversation[] | undefined): number {
  if (counted === undefined) return 0;
  if ('me' in counted) return counted.me.unreadCount;
  return badgeOf(counted, Date.now());
}

export interface Messages extends MessagesSnapshot {
  // The same functions as long as it is the same conversation.
  loadOlder: () => Promise<void>;
  loadNewer: () => Promise<void>;
  /** Shows the messages around this one. */
  jumpTo: (seq: number) => Promise<void>;
  jumpToNewest: () => Promise<void>;
}

/** The messages of a conversation that is on screen as long as this component is; none as long as it is undefined. */
export function useMessages(conversationId: string | undefined): Messages {
  const client = useClient();
  const messages = useMemo(
    () => (conversationId === undefined ? NO_WINDOW : client.messages(conversationId)),
    [client, conversationId],
  );
  useEffect(() => messages.open(), [messages]);
  const snapshot = useObservable(messages, undefined, noMessages);
  return useMemo(() => {
    const { loadOlder, loadNewer, jumpTo, jumpToNewest } = messages;
    return { ...snapshot, loadOlder, loadNewer, jumpTo, jumpToNewest };
  }, [snapshot, messages]);
}

export type Send = (content: string, more?: Pick<OutgoingContent, 'attachments' | 'replyToId'>) => { clientId: string };

/** Sends into a conversation, or to a user with whom there may be none yet. The bubble is there when this returns. */
export function useSend(to: string | { receiverId: string }): Send {
  const client = useClient();
  const conversationId = typeof to === 'string' ? to : undefined;
  const receiverId = typeof to === 'string' ? undefined : to.receiverId;
  return useMemo(() => {
    const target = conversationId === undefined ? { receiverId: receiverId ?? '' } : { conversationId };
    return (content, more) => client.send({ ...target, content, ...more });
  }, [client, conversationId, receiverId]);
}

/** What is not acknowledged yet, of one conversation or of all. */
export function useOutbox(conversationId?: string): readonly OutboxItem[] {
  const client = useClient();
  return useObservable(
    client.outbox,
    (items) => {
      if (conversationId === undefined) return items;
      const conversation = client.observe(`conversation:${conversationId}`).getSnapshot();
      const others = conversation?.type === 'DIRECT' ? conversation.members : [];
      // To somebody with whom there was no conversation yet, or none that was known.
      const lanes = new Set([conversationId, ...others.map(({ user }) => pendingConversationId(user.id))]);
      return items.filter(({ lane }) => lanes.has(lane));
    },
    none,
  );
}

/** Who types, and what shows the others that one does: the same function as long as it is the same conversation. */
export function useTyping(
  conversationId: string,
): readonly [userIds: readonly string[], type: (isTyping: boolean) => void] {
  const client = useClient();
  const userIds = useKey(`typing:${conversationId}`, none);
  const type = useMemo(() => (isTyping: boolean) => client.typing(conversationId, isTyping), [client, conversationId]);
  return useMemo(() => [userIds, type], [userIds, type]);
}

/** What is written and not sent, and what keeps it: for each keystroke, and empty after it was sent; the same function
 * as long as it is the same conversation. */
export function useDraft(conversationId: string): readonly [draft: string, keep: (text: string) => void] {
  const client = useClient();
  const draft = useKey(`draft:${conversationId}`, () => '');
  const keep = useMemo(() => (text: string) => client.keepDraft(conversationId, text), [client, conversationId]);
  return useMemo(() => [draft, keep], [draft, keep]);
}

export function usePresence(userId: string): Presence | undefined {
  return useKey(`presence:${userId}`, nothing);
}

export function useUser(userId: string): User | undefined {
  return useKey(`user:${userId}`, nothing);
}

export function useReceipts(conversationId: string): readonly Receipt[] {
  return useKey(`receipts:${conversationId}`, none);
}

export function useFriends(): readonly User[] {
  return useKey('friends', none);
}

export function useFriendRequests(): readonly FriendRequest[] {
  return useKey('friendRequests', none);
}

export interface Upload {
  /** Resolves with the attachment; rejects, and shows, why there is none. A second one ends the first. */
  upload(file: Uploadable): Promise<Attachment>;
  readonly isUploading: boolean;
  readonly attachment: Attachment | undefined;
  readonly error: Error | undefined;
  cancel(): void;
}

/** One file by itself, for an avatar say; it ends with the component. A message's files are given to `useSend`. */
export function useUpload(): Upload {
  const client = useClient();
  const [state, show] = useState<Pick<Upload, 'isUploading' | 'attachment' | 'error'>>(NO_UPLOAD);
  const { upload, cancel, mount } = useMemo(() => {
    let current: AbortController | undefined;
    const cancel = (): void => {
      current?.abort();
      current = undefined;
      show((shown) => (shown.isUploading ? NO_UPLOAD : shown));
    };
    const begin = async (file: Uploadable): Promise<Attachment> => {
      current?.abort();
      const controller = (current = new AbortController());
      show({ ...NO_UPLOAD, isUploading: true });
      try {
        const attachment = await client.upload(file, { signal: controller.signal });
        if (current === controller) show({ ...NO_UPLOAD, attachment });
        return attachment;
      } catch (error) {
        if (current === controller) show({ ...NO_UPLOAD, error: error as Error });
        throw error;
      }
    };
    // A component that shows `error` need not wait for it.
    const upload = (file: Uploadable): Promise<Attachment> => handled(begin(file));
    let isMounted = false;
    const mount = (): (() => void) => {
      isMounted = true;
      return () => {
        isMounted = false;
        // StrictMode unmounts and mounts again at once, perhaps after the user has begun an upload: that one goes on.
        queueMicrotask(() => {
          if (!isMounted) cancel();
        });
      };
    };
    return { upload, cancel, mount };
  }, [client]);
  useEffect(mount, [mount]);
  return { ...state, upload, cancel };
}

const NO_UPLOAD = { isUploading: false, attachment: undefined, error: undefined };

function useKey<Key extends StoreKey>(key: Key, getInitial: () => SnapshotOf<Key>): SnapshotOf<Key> {
  const client = useClient();
  return useObservable(
    useMemo(() => client.observe(key), [client, key]),
    undefined,
    getInitial,
  );
}
