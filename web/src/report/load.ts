/** One function, so that it is fetched once wherever it is opened. */
export const reportDialog = () => import('./ReportDialog.js');
