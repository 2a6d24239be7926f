import { useState } from 'preact/hooks';
import { agoOf, fullTimeOf, t } from '../../texts/texts.js';
import { useList } from '../lists.js';
import { Head, ListOf, Select } from '../parts.js';
import { linkOf } from '../section.js';
import type { Report } from './reports.js';

/** What people reported: the open ones, the oldest first; all of them, the newest first. */
export function ReportsPage() {
  const [status, setStatus] = useState('OPEN');
  const list = useList<Report>('/admin/reports', { status: status === '' ? undefined : status });
  return (
    <>
      <Head title={t('admin.reports')}>
        <button type="button" class="button small" onClick={list.reload}>
          {t('admin.reload')}
        </button>
      </Head>
      <div class="row wrap filters">
        <Select
          label={t('admin.status')}
          value={status}
          options={[
            ['OPEN', t('admin.status.OPEN')],
            ['RESOLVED', t('admin.status.RESOLVED')],
            ['DISMISSED', t('admin.status.DISMISSED')],
            ['', t('admin.all')],
          ]}
          onChange={setStatus}
        />
      </div>
      <ListOf list={list} label={t('admin.reports')} none={t('admin.noReports')}>
        {(report) => (
          <li key={report.id}>
            <a class="entry plain" href={linkOf({ name: 'reports', id: report.id })}>
              <span class="row wrap">
                <strong>{t(`admin.reason.${report.reason}`)}</strong>
                <span class="tag">{t(`admin.target.${report.targetType}`)}</span>
                <span class={report.status === 'OPEN' ? 'tag bad' : 'tag good'}>
                  {t(`admin.status.${report.status}`)}
                </span>
                <time class="soft small push-end" dateTime={report.createdAt} title={fullTimeOf(report.createdAt)}>
                  {agoOf(report.createdAt)}
                </time>
              </span>
              <span class="small">
                {report.targetUser === null ? null : (
                  <span dir="auto">
                    {report.targetUser.displayName} <span class="soft">@{report.targetUser.username}</span>
                  </span>
                )}
                {report.openReportCount > 1 ? (
                  <span class="soft"> {t('admin.reportsOfIt', { count: report.openReportCount })}</span>
                ) : null}
              </span>
              {report.comment === null ? null : (
                <span class="soft two-lines" dir="auto">
                  {report.comment}
                </span>
              )}
            </a>
          </li>
        )}
      </ListOf>
    </>
  );
}
