import type { Conversation, MessageItem } from '@parley/client';
import { ChatProvider } from '@parley/client/react';
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react-native';
import { BackHandler, FlatList, Image, KeyboardAvoidingView, Platform } from 'react-native';
import { App } from '../src/App';
import { client } from '../src/chat/client';
import { serverUrl } from '../src/chat/server';
import { Avatar } from '../src/design/Avatar';
import { MessageMenu } from '../src/messages/MessageMenu';
import { MessageRow } from '../src/messages/MessageRow';
import { forgetPickedPictures } from '../src/messages/picked-pictures';
import { rowsOf } from '../src/messages/rows';
import { Card } from '../src/navigation/Card';
import { push } from '../src/push/push';
import { files, phone, picker } from './phone';
import { FakeServer, ada, bob, messageOf } from './server';

const mockServer = new FakeServer();
jest.mock('../src/chat/ports', () => {
  const { memoryStorage } = require('@parley/client/storage/memory');
  const { memoryTokens } = require('@parley/client');
  return {
    ports: {
      storage: memoryStorage(),
      tokens: memoryTokens(),
      fetch: (...given: Parameters<FakeServer['fetch']>) => mockServer.fetch(...given),
      socket: (...given: Parameters<FakeServer['socket']>) => mockServer.socket(...given),
    },
  };
});

jest.mock('expo', () => ({ ...jest.requireActual('expo'), isRunningInExpoGo: () => false }));
jest.mock('expo-secure-store', () => require('./phone').secureStore);
jest.mock('expo-file-system', () => require('./phone').fileSystem);
jest.mock('expo-image-picker', () => require('./phone').imagePicker);
jest.mock('expo-notifications', () => require('./phone').notifications);
jest.mock('react-native-safe-area-context', () => require('react-native-safe-area-context/jest/mock').default);

/** The client answers in ticks of its own; a busy machine takes its time. */
const SHOWN = { timeout: 10_000 };
const press = (name: string | RegExp) => fireEvent.press(screen.getByRole('button', { name }));
const write = (text: string) => fireEvent.changeText(screen.getByLabelText('Write to Bob'), text);
const expectShown = (text: string | RegExp) => screen.findByText(text, {}, SHOWN);

async function logIn(): Promise<void> {
  fireEvent.changeText(await screen.findByLabelText('E-mail or username', {}, SHOWN), 'ada');
  fireEvent.changeText(screen.getByLabelText('Password'), 'correct horse');
  press('Log in');
  await expectShown('Conversations');
}

async function openChat(): Promise<void> {
  await logIn();
  fireEvent.press(await screen.findByRole('link', { name: /^Bob/ }, SHOWN));
  await screen.findByLabelText('Write to Bob', {}, SHOWN);
}

const backHandlers = new Set<() => boolean>();
/** Android's; false leaves the app. */
const pressBack = () => [...backHandlers].some((handler) => handler());

/** Whether the screen on top takes a finger that comes down at `fromX` and moves 10 to the right. */
function takesSwipe(fromX: number): boolean {
  const at = { currentPageX: fromX, currentPageY: 300, previousPageX: fromX, previousPageY: 300, currentTimeStamp: 1 };
  const touch = { touchActive: true, ...at, previousTimeStamp: 1 };
  const history = { touchBank: [touch], numberActiveTouches: 1, indexOfSingleActiveTouch: 0, mostRecentTimeStamp: 1 };
  const { onStartShouldSetResponderCapture: start, onMoveShouldSetResponderCapture: move } = screen.root.props;
  start({ nativeEvent: { touches: [touch] }, touchHistory: history });
  const moved = { ...touch, currentPageX: fromX + 10, currentTimeStamp: 2 };
  return move({ nativeEvent: {}, touchHistory: { ...history, touchBank: [moved], mostRecentTimeStamp: 2 } });
}

const ROW = { isFirst: true, isLast: true, isGroup: false, tick: 'pending' } as const;

describe('the app', () => {
  beforeEach(async () => {
    mockServer.isReachable = true;
    mockServer.refusal = undefined;
    mockServer.messages.splice(0, Infinity, messageOf(bob, 1, 'Are you there?'));
    mockServer.calls.length = 0;
    mockServer.lastReadSeq = 0;
    mockServer.archivedAt = null;
    mockServer.olderMessages = Promise.resolve();
    jest.spyOn(BackHandler, 'addEventListener').mockImplementation((_, handler) => {
      const press = handler as () => boolean;
      backHandlers.add(press);
      return { remove: () => backHandlers.delete(press) };
    });
    mockServer.me = ada;
    render(<App />);
    await act(() => client.ready);
  });

  afterEach(async () => {
    mockServer.isReachable = true;
    forgetPickedPictures();
    await act(() => client.logout());
    screen.unmount();
  });

  afterAll(async () => {
    push?.close();
    await client.close();
  });

  it('says in words why somebody is not let in, and at the field what is wrong with it', async () => {
    fireEvent.changeText(await screen.findByLabelText('E-mail or username', {}, SHOWN), 'ada');
    fireEvent.changeText(screen.getByLabelText('Password'), 'wrong');
    press('Log in');
    await expectShown('Name or password is wrong.');
    mockServer.isReachable = false;
    press('Log in');
    await expectShown(/The server was not reached/);
    mockServer.isReachable = true;
    // As it is shown everywhere else.
    fireEvent.changeText(screen.getByLabelText('E-mail or username'), ' @ada');
    press('Log in');
    await expectShown('Name or password is wrong.');
    expect(mockServer.calls.at(-1)).toMatchObject({ name: 'POST /auth/login', body: { username: 'ada' } });
    press(/New here/);
    for (const [label, text] of [
      ['Username', 'ada'],
      ['E-mail', 'ada@example.com'],
      ['Password', 'short'],
    ] as const)
      fireEvent.changeText(screen.getByLabelText(label), text);
    press('Create an account');
    await expectShown('Must be at least 8 characters.');
  });

  it('shows who wrote and how much is unread, and reads it when it is opened', async () => {
    await logIn();
    const row = await screen.findByRole('link', { name: 'Bob, 1 unread' }, SHOWN);
    fireEvent.press(row);
    await screen.findAllByText('Are you there?', {}, SHOWN);
    await waitFor(
      () => expect(mockServer.calls).toContainEqual({ name: 'mark_read', body: { conversationId: 'c', seq: 1 } }),
      SHOWN,
    );
  });

  it('shows a message in the same moment, and sends it when the server is back', async () => {
    await openChat();
    act(() => mockServer.vanish());
    write('I am.');
    press('Send');
    expect(screen.getByText('I am.')).toBeTruthy();
    expect(screen.getByLabelText('Waiting to be sent')).toBeTruthy();
    await expectShown(/The server is not reached/);
    mockServer.isReachable = true;
    press('Try now');
    await screen.findByLabelText('Sent', {}, SHOWN);
    expect(mockServer.calls.filter(({ name }) => name === 'send_message')).toHaveLength(1);
  });

  it('says why a message was refused, and sends it changed', async () => {
    await openChat();
    mockServer.refusal = { code: 'CANNOT_MESSAGE', message: 'No.' };
    write('Hello?');
    press('Send');
    await expectShown(/Not sent. You cannot write to this person./);
    mockServer.refusal = undefined;
    fireEvent.press(screen.getByText('Hello?'));
    press('Edit');
    write('Hello!');
    press('Send');
    await screen.findByLabelText('Sent', {}, SHOWN);
    expect(screen.queryByText('Hello?')).toBeNull();
  });

  it('keeps a draft through the end of a session, which leads to the log-in and back', async () => {
    await openChat();
    write('half a sen');
    await act(async () => mockServer.endSession());
    await expectShown(/Your session has ended/);
    fireEvent.changeText(screen.getByLabelText('E-mail or username'), 'ada');
    fireEvent.changeText(screen.getByLabelText('Password'), 'correct horse');
    press('Log in');
    expect((await screen.findByLabelText('Write to Bob', {}, SHOWN)).props.value).toBe('half a sen');
  });

  it('shows who types, and what comes', async () => {
    await openChat();
    act(() => mockServer.emit('typing', { conversationId: 'c', userId: 'bob', isTyping: true }));
    await expectShown('typing …');
    act(() => mockServer.receive('Here I am.'));
    await screen.findAllByText('Here I am.', {}, SHOWN);
  });

  it('offers to ring once somebody has written, leads where a tap says, and rings for nobody after a log-out', async () => {
    await logIn();
    await expectShown('Shall this phone ring when somebody writes to you?');
    expect(mockServer.calls.filter(({ name }) => name.includes('/devices/'))).toEqual([]);
    press('Yes');
    await waitFor(() => expect(push?.getSnapshot()).toEqual({ status: 'on' }), SHOWN);
    expect(mockServer.calls.at(-1)).toMatchObject({ body: { platform: 'expo', token: 'ExponentPushToken[1]' } });
    expect(screen.queryByText(/Shall this phone ring/)).toBeNull();

    const data = { kind: 'message', conversationId: 'c', messageId: 'message 1', seq: 1, senderId: 'bob', badge: 1 };
    act(() => phone.tap({ notification: { request: { identifier: '1', content: { data } } } }));
    await screen.findByLabelText('Write to Bob', {}, SHOWN);
    await act(() => client.logout());
    await waitFor(() => expect(phone.isRegistered).toBe(false), SHOWN);
  });

  it('asks before it logs out, and says what would be lost', async () => {
    await openChat();
    act(() => mockServer.vanish());
    write('never sent');
    press('Send');
    press('Back');
    press('Settings');
    press('Log out');
    await expectShown(/One message was not sent yet/);
    press('Log out now');
    await screen.findByRole('button', { name: 'Log in' }, SHOWN);
    expect(files.removed).toEqual(['file:///cache/ImagePicker']);
  });

  it('ends above the keyboard, on Android as well', async () => {
    const { restore } = jest.replaceProperty(Platform, 'OS', 'android');
    const behaviors = () => screen.UNSAFE_getAllByType(KeyboardAvoidingView).map(({ props }) => props.behavior);
    try {
      await screen.findByLabelText('Password', {}, SHOWN);
      expect(behaviors()).toEqual(['padding']);
      await openChat();
      expect(behaviors()).toEqual(['padding']);
      press('Report Bob');
      expect(behaviors()).toEqual(['padding', 'padding']);
      press('Cancel');
      press('Back');
      press('Friends');
      expect(behaviors()).toEqual(['padding']);
    } finally {
      restore();
    }
  });

  it('says why an edit was refused, and tries it again or discards it', async () => {
    await openChat();
    write('Hello?');
    press('Send');
    await screen.findByLabelText('Sent', {}, SHOWN);
    const edit = (from: string, to: string) => {
      fireEvent(screen.getByText(from), 'longPress');
      press('Edit');
      write(to);
      press('Send');
    };
    mockServer.refusal = { code: 'VALIDATION_FAILED', message: 'Not like this.' };
    edit('Hello?', 'Hello!');
    await expectShown('Not done. Not like this.');
    expect(screen.getByText('Hello?')).toBeTruthy();
    mockServer.refusal = undefined;
    press('Try again');
    await expectShown('Hello!');
    expect(screen.queryByText(/Not done/)).toBeNull();

    mockServer.refusal = { code: 'EDIT_WINDOW_CLOSED', message: 'No.' };
    edit('Hello!', 'Hello.');
    await expectShown('Not done. It is too late to edit this message.');
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
    press('Discard');
    await waitFor(() => expect(screen.queryByText(/Not done/)).toBeNull(), SHOWN);
  });

  it('offers to try a message again that this device cannot keep', () => {
    const error = { code: 'STORAGE', message: 'Full.' } as const;
    const sent = { ...messageOf(ada, 1, 'kept nowhere'), clientId: 'x' };
    const item: MessageItem = { ...sent, replyTo: null, id: null, seq: null, state: 'pending', error };
    const choose = jest.fn();
    const nothing = () => undefined;
    render(
      <ChatProvider client={client}>
        <MessageRow item={item} {...ROW} onChoose={choose} onView={nothing} onJump={nothing} />
      </ChatProvider>,
    );
    fireEvent.press(screen.getByText('kept nowhere'));
    expect(choose).toHaveBeenCalledWith(item);
    render(<MessageMenu item={item} onClose={nothing} onIntent={nothing} onReport={nothing} />);
    for (const name of ['Try again', 'Discard']) expect(screen.getByRole('button', { name })).toBeTruthy();
  });

  it('has a key for each heading of a day, also where a message refused yesterday stands after those of today', () => {
    const items = ['2026-01-01', '2026-01-02', '2026-01-01'].map((day, index): MessageItem => {
      const sent = messageOf(bob, index + 1, day);
      return { ...sent, replyTo: null, state: 'sent', createdAt: `${day}T12:00:00.000Z` };
    });
    const keys = rowsOf(items, null).map(({ key }) => key);
    expect([keys.length, new Set(keys).size]).toEqual([6, 6]);
  });

  it('shows nothing any more of what was deleted for oneself, among the messages and in the list', async () => {
    mockServer.messages.push(messageOf(bob, 2, 'Not for Ada'));
    await openChat();
    fireEvent(await screen.findByText('Not for Ada', {}, SHOWN), 'longPress');
    press('Delete for me');
    await waitFor(() => expect(mockServer.calls.map(({ name }) => name)).toContain('delete_message'), SHOWN);
    await waitFor(() => expect(client.conversations.items[0]?.lastMessage).toBeNull(), SHOWN);
    press('Back');
    await expectShown('Are you there?');
    for (const text of ['Not for Ada', 'This message was deleted']) expect(screen.queryByText(text)).toBeNull();
  });

  it('has the line above the first unread message that is there, where the first one was deleted for oneself', () => {
    const items = [1, 2, 3].map((seq): MessageItem => {
      const sent = { ...messageOf(bob, seq, `Message ${seq}`), replyTo: null, state: 'sent' as const };
      return seq === 2 ? { ...sent, content: null, deletedAt: sent.createdAt, hiddenAt: sent.createdAt } : sent;
    });
    const keys = (firstUnreadSeq: number): string[] => rowsOf(items, firstUnreadSeq).map(({ key }) => key);
    expect(keys(2)).toEqual(['message 3', 'unread', 'message 1', expect.stringMatching(/^day/)]);
    expect(rowsOf(items.slice(2), 2).map(({ type }) => type)).toEqual(['message', 'day']);
  });

  it('loads older messages when the connection is back that was lost meanwhile', async () => {
    const written = Array.from({ length: 120 }, (_, index) => messageOf(bob, index + 1, `Message ${index + 1}`));
    mockServer.messages.splice(0, Infinity, ...written);
    await openChat();
    await screen.findAllByText('Message 120', {}, SHOWN);
    const asked = mockServer.askedForOlder;
    let fail: (error: Error) => void = () => undefined;
    mockServer.olderMessages = new Promise((_, reject) => (fail = reject));
    const list = screen.UNSAFE_getAllByType(FlatList).find(({ props }) => props['aria-label'] === 'Messages');
    act(() => void list?.props.onEndReached());
    await waitFor(() => expect(mockServer.askedForOlder).toBe(asked + 1), SHOWN);
    await act(async () => {
      mockServer.vanish();
      fail(new TypeError('Network request failed'));
    });
    mockServer.isReachable = true;
    mockServer.olderMessages = Promise.resolve();
    await act(async () => client.resume());
    await waitFor(() => expect(mockServer.askedForOlder).toBe(asked + 2), SHOWN);
  });

  it('lists a conversation that was put away as long as there is something unread in it', async () => {
    mockServer.archivedAt = '2026-01-02T03:04:05.678Z';
    await logIn();
    expect(await screen.findByRole('link', { name: 'Bob, 1 unread' }, SHOWN)).toBeTruthy();
  });

  it('shows another user nothing of the former one’s screens', async () => {
    await openChat();
    await act(async () => mockServer.endSession());
    await expectShown(/Your session has ended/);
    mockServer.me = bob;
    await logIn();
    expect(screen.queryByLabelText(/^Write to/)).toBeNull();
  });

  it('promises nothing of an account that was deleted, and keeps nothing of it', async () => {
    await openChat();
    files.removed.length = 0;
    await act(async () => mockServer.endSession('ACCOUNT_DELETED'));
    await expectShown('This account was deleted.');
    expect(screen.queryByText(/still here/)).toBeNull();
    await waitFor(() => expect(files.removed).toEqual([expect.stringContaining('ImagePicker')]), SHOWN);
    expect(client.userId).toBeUndefined();
  });

  it('promises nothing to somebody who has logged out in another tab', async () => {
    await openChat();
    await act(async () => mockServer.endSession('LOGGED_OUT'));
    await expectShown('Your session has ended. Log in again.');
    expect(screen.queryByText(/still here/)).toBeNull();
  });

  it('leaves the app by Android’s back at the log-in, and the screens as they were', async () => {
    await openChat();
    await act(async () => mockServer.endSession());
    await expectShown(/Your session has ended/);
    act(() => expect(pressBack()).toBe(false));
    fireEvent.changeText(screen.getByLabelText('E-mail or username'), 'ada');
    fireEvent.changeText(screen.getByLabelText('Password'), 'correct horse');
    press('Log in');
    await screen.findByLabelText('Write to Bob', {}, SHOWN);
    act(() => expect(pressBack()).toBe(true));
    await expectShown('Conversations');
  });

  it('keeps in a browser its back, which would lead out of the app, through a log-in', async () => {
    const { restore } = jest.replaceProperty(Platform, 'OS', 'web');
    try {
      screen.unmount();
      render(<App />);
      await openChat();
      await act(async () => mockServer.endSession());
      await expectShown(/Your session has ended/);
      act(() => expect(pressBack()).toBe(true));
      await logIn();
      expect(screen.queryByLabelText('Write to Bob')).toBeNull();
    } finally {
      restore();
    }
  });

  it('begins at the list after a log-out that could not remove everything', async () => {
    await logIn();
    press('Settings');
    press('Log out');
    const logOut = client.logout.bind(client);
    jest.spyOn(client, 'logout').mockImplementationOnce(async () => {
      await logOut();
      throw new Error('The storage does not answer.');
    });
    press('Log out now');
    await screen.findByRole('button', { name: 'Log in' }, SHOWN);
    await logIn();
    expect(screen.getByRole('button', { name: 'Settings' })).toBeTruthy();
  });

  it('goes back with a finger that comes from the edge, and not with one that comes from elsewhere', () => {
    screen.unmount();
    render(
      <Card isFirst={false} isTop onGone={() => undefined}>
        {null}
      </Card>,
    );
    expect([takesSwipe(5), takesSwipe(200)]).toEqual([true, false]);
  });

  it('asks nobody but its server for an avatar', () => {
    screen.unmount();
    render(<Avatar id="bob" name="Bob" url="https://elsewhere.example.com/bob.png" />);
    expect(screen.UNSAFE_queryByType(Image)).toBeNull();
    expect(screen.getByText('B', { includeHiddenElements: true })).toBeTruthy();
    screen.rerender(<Avatar id="bob" name="Bob" url="/avatars/bob" />);
    expect(screen.UNSAFE_getByType(Image).props.source).toEqual({ uri: `${serverUrl}/avatars/bob` });
  });

  it('opens a conversation once that is tapped twice', async () => {
    await logIn();
    const row = await screen.findByRole('link', { name: /^Bob/ }, SHOWN);
    act(() => {
      fireEvent.press(row);
      fireEvent.press(row);
    });
    await screen.findByLabelText('Write to Bob', {}, SHOWN);
    expect(screen.getAllByLabelText('Write to Bob', { includeHiddenElements: true })).toHaveLength(1);
  });

  it('names the address that a code was mailed to, whatever else was typed before', async () => {
    press(/New here/);
    fireEvent.changeText(screen.getByLabelText('E-mail'), 'other@example.com');
    press(/You have an account/);
    fireEvent.changeText(screen.getByLabelText('E-mail or username'), 'ada@example.com');
    fireEvent.changeText(screen.getByLabelText('Password'), 'correct horse');
    press('Log in');
    await expectShown('Enter the code that was mailed to ada@example.com.');
    fireEvent.changeText(screen.getByLabelText('Code'), '123456');
    press('Go on');
    await expectShown('The code is wrong.');
    const body = { email: 'ada@example.com', otp: '123456' };
    expect(mockServer.calls.at(-1)).toMatchObject({ name: 'POST /auth/verify-otp', body });
  });

  it('has another code mailed, and says why there comes none', async () => {
    const fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
      const answer = await mockServer.fetch(...(given as unknown as Parameters<FakeServer['fetch']>));
      return { ...answer, json: async () => JSON.parse(await answer.text()) } as unknown as Response;
    });
    fireEvent.changeText(screen.getByLabelText('E-mail or username'), 'ada@example.com');
    fireEvent.changeText(screen.getByLabelText('Password'), 'correct horse');
    press('Log in');
    await expectShown('Enter the code that was mailed to ada@example.com.');
    mockServer.refusal = { code: 'RATE_LIMITED', message: 'Not now.' };
    press('Mail another code');
    await expectShown('Too much at once. Try again in a moment.');
    mockServer.refusal = undefined;
    press('Mail another code');
    await expectShown(/^Another code is on its way to ada@example.com/);
    expect(mockServer.calls.at(-1)).toEqual({ name: 'POST /auth/resend-otp', body: { email: 'ada@example.com' } });
    fetched.mockRestore();
  });

  it('takes a URL of the server that ends with a slash', () => {
    process.env.EXPO_PUBLIC_PARLEY_URL = 'https://chat.example.com/';
    jest.isolateModules(() => {
      const { urlOf } = require('../src/chat/server') as typeof import('../src/chat/server');
      expect(urlOf('/files/1')).toBe('https://chat.example.com/files/1');
    });
    delete process.env.EXPO_PUBLIC_PARLEY_URL;
  });

  it('lets one pick as many pictures as a message takes, and no more', async () => {
    await openChat();
    picker.picks = 8;
    press('Pictures from the library');
    await waitFor(() => expect(screen.getAllByLabelText('Remove this picture')).toHaveLength(8), SHOWN);
    press('Pictures from the library');
    await waitFor(() => expect(screen.getAllByLabelText('Remove this picture')).toHaveLength(10), SHOWN);
    expect(picker.limits).toEqual([10, 2]);
    expect(screen.getByRole('button', { name: 'Pictures from the library' })).toBeDisabled();
  });

  it('keeps pictures that were picked, also after one has left the screen, until they are sent or one logs out', async () => {
    await openChat();
    picker.picks = 1;
    press('Pictures from the library');
    await screen.findByLabelText('Remove this picture', {}, SHOWN);
    press('Pictures from the library');
    press('Back');
    const again = async (): Promise<void> => {
      fireEvent.press(await screen.findByRole('link', { name: /^Bob/ }, SHOWN));
      await screen.findByLabelText('Write to Bob', {}, SHOWN);
    };
    await again();
    await waitFor(() => expect(screen.getAllByLabelText('Remove this picture')).toHaveLength(2), SHOWN);
    await act(async () => mockServer.endSession());
    await expectShown(/Your session has ended/);
    fireEvent.changeText(screen.getByLabelText('E-mail or username'), 'ada');
    fireEvent.changeText(screen.getByLabelText('Password'), 'correct horse');
    press('Log in');
    await screen.findByLabelText('Write to Bob', {}, SHOWN);
    expect(screen.getAllByLabelText('Remove this picture')).toHaveLength(2);
    press('Back');
    press('Settings');
    press('Log out');
    press('Log out now');
    await screen.findByRole('button', { name: 'Log in' }, SHOWN);
    await openChat();
    expect(screen.queryByLabelText('Remove this picture')).toBeNull();
  });

  it('shows what one has sent, from wherever in the history', async () => {
    await openChat();
    const shown = jest.spyOn(FlatList.prototype, 'scrollToOffset').mockImplementation(() => undefined);
    write('Here.');
    press('Send');
    await waitFor(() => expect(shown).toHaveBeenCalledWith({ offset: 0, animated: true }), SHOWN);
    shown.mockRestore();
  });

  it('leaves Enter in a browser to an input method', async () => {
    const { restore } = jest.replaceProperty(Platform, 'OS', 'web');
    try {
      screen.unmount();
      render(<App />);
      await openChat();
      write('かな');
      const enter = (how: object): void => {
        const event = { nativeEvent: { key: 'Enter', ...how }, preventDefault: () => undefined };
        fireEvent(screen.getByLabelText('Write to Bob'), 'keyPress', event);
      };
      for (const how of [{ isComposing: true }, { keyCode: 229 }, { shiftKey: true }]) enter(how);
      expect(screen.getByLabelText('Write to Bob').props.value).toBe('かな');
      enter({ keyCode: 13 });
      expect(screen.getByLabelText('Write to Bob').props.value).toBe('');
    } finally {
      restore();
    }
  });

  it('moves nobody to a conversation who went back before the server had opened it', async () => {
    await logIn();
    let open: (conversation: Conversation) => void = () => undefined;
    const opening = new Promise<Conversation>((resolve) => (open = resolve));
    const opened = jest.spyOn(client.conversations, 'openDirect').mockReturnValue(opening);
    press('Friends');
    const listed = jest.spyOn(client.conversations, 'items', 'get').mockReturnValue([]);
    fireEvent.press(await screen.findByRole('button', { name: 'Write to Bob' }, SHOWN));
    listed.mockRestore();
    press('Back');
    await act(async () => open({ id: 'c' } as Conversation));
    expect(opened).toHaveBeenCalledTimes(1);
    expect(screen.queryByLabelText('Write to Bob')).toBeNull();
    opened.mockRestore();
  });
});
