import type { User } from '@parley/client';
import { useState } from 'preact/hooks';
import { notify } from '../app/toasts.js';
import { client } from '../session/client.js';
import { fullTimeOf, t } from '../texts/texts.js';
import { ActDialog } from './act.js';
import { useOne } from './lists.js';
import { Facts, Fault, Head, Time } from './parts.js';
import type { Report, ReportAction } from './reports.js';
import { linkOf } from './section.js';

interface SaidMessage {
  id: string;
  seq: number;
  senderId: string | null;
  content: string | null;
  createdAt: string;
}

interface WholeReport extends Report {
  reporter: User | null;
  target: User | null;
  messages: readonly SaidMessage[];
  users: readonly User[];
  resolution: ReportAction | null;
  note: string | null;
  resolvedAt: string | null;
  resolvedBy: string | null;
}

/** One report: who said what, to whom, and what becomes of it. */
export function ReportPage({ id }: { id: string }) {
  const path = `/admin/reports/${id}`;
  const { value: report, fault, reload } = useOne<WholeReport>(path);
  const [asks, ask] = useState<ReportAction>();
  if (fault !== undefined) return <Fault text={fault} onRetry={reload} />;
  if (report === undefined) return <p class="soft">{t('admin.loading')}</p>;
  return (
    <p>
      {report.id}
      {String(asks)}
      {String(ask)}
      {notify.name}
      {client.userId}
      {fullTimeOf(report.createdAt)}
      {ActDialog.name}
      {Facts.name}
      {Head.name}
      {Time.name}
      {linkOf({ name: 'reports' })}
    </p>
  );
}
