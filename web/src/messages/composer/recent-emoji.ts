const KEY = 'parley.emoji';
const MAX_RECENT = 16;

/** Those that were chosen last, the newest first. */
export function recentEmoji(): string[] {
  return (localStorage.getItem(KEY) ?? '').split(' ').filter((emoji) => emoji !== '');
}

export function keepRecentEmoji(emoji: string): void {
  const next = [emoji, ...recentEmoji().filter((other) => other !== emoji)].slice(0, MAX_RECENT);
  localStorage.setItem(KEY, next.join(' '));
}

export function forgetRecentEmoji(): void {
  localStorage.removeItem(KEY);
}
