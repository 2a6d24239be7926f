import { client } from '../session/client.js';

/** Says whether somebody looks at this tab; the client says of all of them what the server has to know. */
export function reportActivity(): void {
  const report = (): void => client.setActive(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', report);
  report();
}
