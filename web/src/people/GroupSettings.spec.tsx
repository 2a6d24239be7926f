import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Conversation } from '@parley/client';
import { render, type ComponentChildren } from 'preact';
import { act } from 'preact/test-utils';
import { openDom } from '../../../test/browser/dom.js';

describe('the settings of a group', () => {
  let dom: ReturnType<typeof openDom>;
  let root: HTMLElement;
  const show = (content: ComponentChildren): void => void act(() => render(content, root));

  beforeAll(() => void (dom = openDom()));
  afterAll(() => dom.close());
  beforeEach(() => {
    root = document.createElement('div');
    document.body.append(root);
  });
  afterEach(() => {
    show(null);
    root.remove();
  });

  it('keeps what is typed as a group’s name while somebody else renames it, and shows another name where nothing is', async () => {
    jest.unstable_mockModule('../session/client.js', () => ({
      client: { conversations: { update: async () => ({}) } },
    }));
    const { GroupSettings } = await import('./GroupSettings.js');
    const named = (title: string): string | undefined => {
      const conversation = { id: 'c', me: { role: 'OWNER' }, title, historyVisibility: 'FROM_START' } as Conversation;
      show(<GroupSettings conversation={conversation} />);
      return field()?.value;
    };
    const field = () => root.querySelector<HTMLInputElement>('input[name=title]');
    expect([named('Climbing'), named('Hiking')]).toEqual(['Climbing', 'Hiking']);
    const input = field() as HTMLInputElement;
    input.value = 'Skiing ';
    expect(named('Swimming')).toBe('Skiing ');
    expect(field()).toBe(input);
  });
});
