function ignore(event: DragEvent): void {
  const { dataTransfer } = event;
  if (event.defaultPrevented || dataTransfer?.types.includes('Files') !== true) return;
  event.preventDefault();
  dataTransfer.dropEffect = 'none';
}

/** A file that is dropped where nothing takes it would be opened in place of the page. */
export function ignoreDroppedFiles(): void {
  for (const type of ['dragover', 'drop'] as const) addEventListener(type, ignore);
}
