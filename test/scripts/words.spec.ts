import { describe, expect, it } from '@jest/globals';
import { refusedWords } from '../../scripts/check-words.mjs';

describe('the words of the house', () => {
  it.each([
    ['a URL as a parameter', 'const fetch: Fetch = (address, init) => send(init);'],
    ['one with its type', 'function exportOf(since: Date, address: string): string {'],
    ['one beside what is taken apart', 'const fetch = async (address, { method }) => answers[address + method];'],
    ['one of several', 'it.each(cases)("takes %s", (_, address) => {'],
    ['a variable', 'for (const address of urls) await visit(address);'],
    ['what a client sends', 'const isSaid = (): boolean => sent.length > 0;'],
    ['a queue', '    return this.inOrder(write);'],
    ['a queue, at the end of a name', 'await stopInOrder(application);'],
    ['a bound', 'const rows = await mostRowsOf(relation);'],
    ['a bound that is a parameter', 'audiences(ids: string[], largestConversation: number): string[] {'],
    ['a riddle', '    // Who types is shown to others.'],
    ['a riddle behind a sentence', ' * It ends by itself. Who is removed does not show it.'],
    ['a riddle in a document', '- **Who left** does not see it any more.'],
  ])('refuse %s, with its line', (_, line) => {
    expect(refusedWords('src/some/file.ts', `\n${line}\n`)).toEqual([
      expect.stringMatching(/^src\/some\/file\.ts:2: ".*": rather /),
    ]);
  });

  it.each([
    'const { port } = server.address() as AddressInfo;',
    'connect(this.server.address());',
    'addresses.every(({ address }) => isPublicIpAddress(address))',
    "await this.transport.sendMail({ from, to: { name: '', address: to } });",
    'INSERT INTO push_devices (id, user_id, platform, address, preview)',
    "('loginByAddress', ipAddress);",
    'const isMostly = atLeast(3);',
    '  /** Who is typing where. */',
    "  ['ada', 'So, Lisbon. Who looks for a place to stay?'],",
  ])('take %s', (line) => {
    expect(refusedWords('src/some/file.ts', line)).toEqual([]);
  });

  it('take a name of others where it cannot change', () => {
    const line = 'laneOf(address: string): string {';
    expect(refusedWords('src/push/providers/some.ts', line)).toEqual([]);
    expect(refusedWords('src/users/some.ts', line)).toHaveLength(1);
  });
});
