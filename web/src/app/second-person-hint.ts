/** One function, so that what is loaded once is there at once wherever it is shown. */
export const secondPersonHint = () => import('./SecondPersonHint.js');
