/** Arrow keys go from message to message; what a message does with other keys is its own. */
export function moveFocus(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const rows = [...list.querySelectorAll<HTMLElement>('[data-row]')];
  const current = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
  const index = current === null ? rows.length : rows.indexOf(current);
  const next = {
    ArrowUp: rows[index - 1],
    ArrowDown: rows[index + 1],
    Home: rows[0],
    End: rows.at(-1),
  }[event.key];
  // In a field of its own (the slider of a recording), keys are the field's.
  if (next === undefined || event.target instanceof HTMLInputElement) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}
