import type { User } from '@parley/client';
import { useState } from 'preact/hooks';
import { notify } from '../../app/toasts.js';
import { client } from '../../session/client.js';
import { fullTimeOf, t } from '../../texts/texts.js';
import { ActDialog } from '../act.js';
import { useOne } from '../lists.js';
import { Facts, Fault, Head, Time } from '../parts.js';
import type { CopiedMessage, Report, ReportAction, WholeReport } from './reports.js';
import { linkOf } from '../section.js';

/** One report: what was said, by whom, and what becomes of it. */
export function ReportPage({ id }: { id: string }) {
  const path = `/admin/reports/${id}`;
  const { value: report, fault, reload } = useOne<WholeReport>(path);
  const [asks, ask] = useState<ReportAction>();
  if (fault !== undefined) return <Fault text={fault} onRetry={reload} />;
  if (report === undefined) return <p class="soft">{t('admin.loading')}</p>;
  const { copy, resolution, targetUser, openReportCount } = report;
  const resolve = async (action: ReportAction, { reason, until }: { reason: string; until: string }): Promise<void> => {
    await client.http.request(`${path}/resolve`, {
      method: 'POST',
      body: {
        action,
        ...(reason === '' ? {} : { note: reason }),
        ...(action === 'suspend_user' ? { until } : {}),
      },
    });
    notify(t('admin.resolved'));
    reload();
  };
  return (
    <>
      <Head title={t('admin.report', { reason: t(`admin.reason.${report.reason}`) })} above={{ name: 'reports' }}>
        <span class={report.status === 'OPEN' ? 'tag bad' : 'tag good'}>{t(`admin.status.${report.status}`)}</span>
      </Head>
      <div class="card padded">
        <Facts
          facts={[
            [
              t('admin.reported'),
              targetUser === null ? t(`admin.target.${report.targetType}`) : <Who user={targetUser} />,
            ],
            [t('admin.reporter'), <Who key="reporter" user={report.reporter} />],
            [t('admin.reportedAt'), <Time key="at" at={report.createdAt} />],
            ...(copy?.conversation == null
              ? []
              : [[t('admin.target.conversation'), conversationText(copy.conversation)] as const]),
            ...(openReportCount > 1 ? [[t('admin.openReports'), String(openReportCount)] as const] : []),
            ...(report.comment === null
              ? []
              : [
                  [
                    t('admin.comment'),
                    <span key="comment" class="lines">
                      {report.comment}
                    </span>,
                  ] as const,
                ]),
          ]}
        />
      </div>
      {resolution === null ? (
        <section class="section">
          <h2>{t('admin.decide')}</h2>
          <div class="row wrap">
            {actionsOn(report).map((action) => (
              <button
                key={action}
                type="button"
                class={action === 'dismiss' ? 'button' : 'button danger'}
                onClick={() => ask(action)}
              >
                {t(`admin.do.${action}`)}
              </button>
            ))}
          </div>
        </section>
      ) : (
        <section class="section">
          <h2>{t('admin.resolution')}</h2>
          <div class="card padded">
            <Facts
              facts={[
                [t('admin.resolution'), t(`admin.do.${resolution.action}`)],
                [t('admin.resolvedBy'), resolution.by === null ? '–' : <Who key="by" user={resolution.by} />],
                [t('admin.resolvedAt'), <Time key="at" at={resolution.at} />],
                ...(resolution.note === null ? [] : [[t('admin.noteShort'), resolution.note] as const]),
              ]}
            />
          </div>
        </section>
      )}
      <Said report={report} />
      {asks === undefined ? null : (
        <ActDialog
          title={t(`admin.do.${asks}`)}
          text={t(`admin.do.${asks}Hint`)}
          confirm={t(`admin.do.${asks}`)}
          isDangerous={asks !== 'dismiss'}
          hasEnd={asks === 'suspend_user'}
          onConfirm={(given) => resolve(asks, given)}
          onClose={() => ask(undefined)}
        />
      )}
    </>
  );
}

/** What makes sense: a message can be deleted, a group cannot be suspended. */
function actionsOn({ targetType, targetUser }: Report): ReportAction[] {
  return [
    'dismiss',
    ...(targetType === 'message' ? (['delete_message'] as const) : []),
    ...(targetUser === null ? [] : (['suspend_user', 'ban_user'] as const)),
  ];
}

function Said({ report: { copy, targetId } }: { report: WholeReport }) {
  if (copy === null) return <p class="soft">{t('admin.copyGone')}</p>;
  if (copy.messages.length === 0) return null;
  const names = new Map(copy.users.map(({ id, displayName }) => [id, displayName]));
  return (
    <section class="section">
      <h2>{t('admin.context')}</h2>
      <p class="soft small">{t('admin.contextHint')}</p>
      <ol class="card">
        {copy.messages.map((message) => (
          <li key={message.id} class={message.id === targetId ? 'said reported' : 'said'}>
            <span class="row wrap small">
              <strong dir="auto">{names.get(message.senderId) ?? t('app.deletedUser')}</strong>
              {message.id === targetId ? <span class="tag bad">{t('admin.thisMessage')}</span> : null}
              <time class="soft push-end" dateTime={message.createdAt}>
                {fullTimeOf(message.createdAt)}
              </time>
            </span>
            <Content message={message} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Content({ message: { content, attachments, deletedAt } }: { message: CopiedMessage }) {
  return (
    <>
      {content === null || content === '' ? (
        attachments.length === 0 ? (
          <em class="soft">{deletedAt === null ? t('admin.noText') : t('admin.wasDeleted')}</em>
        ) : null
      ) : (
        <p dir="auto">{content}</p>
      )}
      {attachments.map(({ id, name, kind, url, thumbnailUrl }) => (
        <span key={id ?? url} class="row wrap small">
          {/* Only what this server keeps is shown; an external file is asked for by nobody's click alone. */}
          {thumbnailUrl === null ? null : <img class="copied" src={thumbnailUrl} alt={name ?? ''} />}
          {url === null || !/^(\/|https:)/.test(url) ? (
            <span class="soft">{name ?? kind}</span>
          ) : (
            <a href={url} target="_blank" rel="noreferrer">
              {name ?? kind}
            </a>
          )}
        </span>
      ))}
    </>
  );
}

function Who({ user: { id, displayName, username } }: { user: User }) {
  return (
    <a href={linkOf({ name: 'users', id })}>
      {displayName} <span class="soft small">@{username}</span>
    </a>
  );
}

function conversationText({ type, title, memberCount }: { type: string; title: string | null; memberCount: number }) {
  return type === 'GROUP'
    ? t('admin.groupOf', { title: title ?? '–', count: memberCount })
    : t('admin.directConversation');
}
