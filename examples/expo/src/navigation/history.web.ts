/** One entry of the browser's history for each screen, so that its button leads back as the app's own does. */
export function pushed(): void {
  history.pushState(null, '');
}

export function goBack(_pop: () => boolean): void {
  history.back();
}

export function onSystemBack(pop: () => boolean): () => void {
  addEventListener('popstate', pop);
  return () => removeEventListener('popstate', pop);
}
