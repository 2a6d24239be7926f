import type { Attachment, Conversation, CreateReport, MessageItem } from '@parley/client';
import { useConnection, useConversation, usePresence, useTyping } from '@parley/client/react';
import { useCallback, useState } from 'react';
import { View } from 'react-native';
import { nameOf, partnerOf } from '../chat/names';
import { briefTimeOf } from '../chat/words';
import { AboveKeyboard } from '../design/AboveKeyboard';
import { Avatar } from '../design/Avatar';
import { Bar } from '../design/Bar';
import { ConnectionBanner } from '../design/ConnectionBanner';
import { Empty, IconButton } from '../design/controls';
import { ReportSheet } from '../report/ReportSheet';
import { Composer, type Intent } from './Composer';
import { MessageList } from './MessageList';
import { MessageMenu } from './MessageMenu';
import { PictureViewer } from './PictureViewer';

type Reported = Pick<CreateReport, 'targetType' | 'targetId'> & { title: string };

interface Properties {
  conversationId: string;
  /** It is what is looked at: what it shows is read. */
  isTop: boolean;
}

export function ChatScreen({ conversationId, isTop }: Properties) {
  const conversation = useConversation(conversationId);
  const [intent, setIntent] = useState<Intent>({ type: 'new' });
  const [chosen, choose] = useState<MessageItem>();
  const [picture, view] = useState<Attachment>();
  const [reported, report] = useState<Reported>();
  const [sent, countSent] = useState(0);
  const startAgain = useCallback(() => setIntent({ type: 'new' }), []);
  if (conversation === undefined) return <Nowhere />;
  return (
    <AboveKeyboard>
      <ChatBar conversation={conversation} onReport={report} />
      <ConnectionBanner />
      <MessageList conversation={conversation} isTop={isTop} sent={sent} onChoose={choose} onView={view} />
      <Composer
        conversationId={conversationId}
        name={nameOf(conversation)}
        intent={intent}
        onDone={startAgain}
        onSent={() => countSent((count) => count + 1)}
      />
      {chosen === undefined ? null : (
        <MessageMenu
          item={chosen}
          onClose={() => choose(undefined)}
          onIntent={setIntent}
          onReport={(targetId) => report({ title: 'Report this message', targetType: 'message', targetId })}
        />
      )}
      {reported === undefined ? null : <ReportSheet {...reported} onClose={() => report(undefined)} />}
      {picture === undefined ? null : <PictureViewer picture={picture} onClose={() => view(undefined)} />}
    </AboveKeyboard>
  );
}

interface BarProperties {
  conversation: Conversation;
  onReport: (reported: Reported) => void;
}

function ChatBar({ conversation, onReport }: BarProperties) {
  const { id, avatarUrl, memberCount, type } = conversation;
  const partner = partnerOf(conversation);
  const presence = usePresence(partner?.id ?? '');
  const [typing] = useTyping(id);
  const name = nameOf(conversation);
  const note =
    typing.length > 0
      ? 'typing …'
      : type === 'GROUP'
        ? `${memberCount} members`
        : presence?.isOnline === true
          ? 'online'
          : presence?.lastSeenAt == null
            ? undefined
            : `last seen ${briefTimeOf(presence.lastSeenAt)}`;
  const picture = <Avatar id={partner?.id ?? id} name={name} url={partner?.avatarUrl ?? avatarUrl} size={38} />;
  const title = `Report ${name}`;
  const reported: Reported =
    partner === undefined
      ? { title, targetType: 'conversation', targetId: id }
      : { title, targetType: 'user', targetId: partner.id };
  return (
    <Bar title={name} note={note} lead={picture}>
      <IconButton icon="flag-outline" label={title} onPress={() => onReport(reported)} />
    </Bar>
  );
}

function Nowhere() {
  const { status } = useConnection();
  return (
    <View style={{ flex: 1 }}>
      <Bar title="" />
      <ConnectionBanner />
      {status === 'live' ? (
        <Empty title="This conversation is not there">It may have been left or removed.</Empty>
      ) : null}
    </View>
  );
}
