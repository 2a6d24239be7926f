const KEY = 'parley.user';

/** Cookies are the browser's, not the tab's: where another tab has logged in somebody else, this one begins anew. */
export function followOtherTabs(userId: string | undefined): void {
  if (userId === undefined) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, userId);
}

export function watchOtherTabs(userId: () => string | undefined): void {
  addEventListener('storage', ({ key, newValue }) => {
    if (key === KEY && newValue !== null && newValue !== userId()) location.reload();
  });
}
