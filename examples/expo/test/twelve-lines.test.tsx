import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { render, screen } from '@testing-library/react-native';
import { FlatList, TextInput } from 'react-native';
import { App, client } from './twelve-lines';

jest.mock('expo-sqlite', () => ({}));

const read = (path: string): string => readFileSync(join(__dirname, path), 'utf8').trim();

describe('the twelve lines of the README', () => {
  it('are the ones that are compiled here', () => {
    const lines = read('twelve-lines.tsx');
    expect(read('../../../README.md')).toContain(`\`\`\`tsx\n${lines}\n\`\`\``);
    // Without what is imported.
    const count = lines.split('\n').filter((line) => line !== '' && !line.startsWith('import')).length;
    expect(count).toBeLessThanOrEqual(12);
  });

  it('show messages, and a field to write in', async () => {
    render(<App id="c" />);
    expect(screen.UNSAFE_getByType(FlatList).props.data).toEqual([]);
    expect(screen.UNSAFE_getByType(TextInput)).toBeTruthy();
    await client.close();
  });
});
