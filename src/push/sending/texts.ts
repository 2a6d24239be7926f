/** What notifications say, in one language. */
export interface NotificationTexts {
  /** A language tag: the rules of its plural. */
  readonly language: string;
  readonly somebody: string;
  readonly kinds: Readonly<Record<'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE', string>>;
  readonly newMessage: string;
  readonly youHaveNewMessage: string;
  /** Several, by the category of their number; `{count}` stands for it. */
  readonly newMessages: Partial<Readonly<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string };
  readonly friendRequest: string;
  readonly youHaveFriendRequest: string;
  readonly wantsToBeFriends: string;
  readonly yourRequestWasAccepted: string;
  readonly acceptedYourRequest: string;
  readonly newGroup: string;
  readonly youWereAdded: string;
  /** `{name}` stands for who added. */
  readonly addedYou: string;
}

const ENGLISH: NotificationTexts = {
  language: 'en',
  somebody: 'Somebody',
  kinds: { IMAGE: 'Photo', VIDEO: 'Video', AUDIO: 'Voice message', FILE: 'File' },
  newMessage: 'New message',
  youHaveNewMessage: 'You have a new message',
  newMessages: { other: '{count} new messages' },
  friendRequest: 'Friend request',
  youHaveFriendRequest: 'You have a new friend request',
  wantsToBeFriends: 'would like to be friends',
  yourRequestWasAccepted: 'Your friend request was accepted',
  acceptedYourRequest: 'accepted your friend request',
  newGroup: 'New group',
  youWereAdded: 'You were added to a group',
  addedYou: '{name} added you to the group',
};

/**
 * By language. Where it can be, nothing in a text depends on whether somebody is a man or a woman, nor on how one addresses
 * the reader: the server knows neither.
 */
const TEXTS: ReadonlyMap<string, NotificationTexts> = new Map(
  [
    ENGLISH,
    {
      language: 'de',
      somebody: 'Jemand',
      kinds: { IMAGE: 'Foto', VIDEO: 'Video', AUDIO: 'Sprachnachricht', FILE: 'Datei' },
      newMessage: 'Neue Nachricht',
      youHaveNewMessage: 'Eine neue Nachricht ist da',
      newMessages: { other: '{count} neue Nachrichten' },
      friendRequest: 'Freundschaftsanfrage',
      youHaveFriendRequest: 'Eine neue Freundschaftsanfrage ist da',
      wantsToBeFriends: 'möchte befreundet sein',
      yourRequestWasAccepted: 'Deine Freundschaftsanfrage wurde angenommen',
      acceptedYourRequest: 'hat deine Freundschaftsanfrage angenommen',
      newGroup: 'Neue Gruppe',
      youWereAdded: 'Du wurdest zu einer Gruppe hinzugefügt',
      addedYou: '{name} hat dich zur Gruppe hinzugefügt',
    },
    {
      language: 'fr',
      somebody: 'Quelqu’un',
      kinds: { IMAGE: 'Photo', VIDEO: 'Vidéo', AUDIO: 'Message vocal', FILE: 'Fichier' },
      newMessage: 'Nouveau message',
      youHaveNewMessage: 'Un nouveau message est arrivé',
      newMessages: { other: '{count} nouveaux messages' },
      friendRequest: 'Demande d’ami',
      youHaveFriendRequest: 'Une nouvelle demande d’ami est arrivée',
      wantsToBeFriends: 'souhaite faire partie de vos amis',
      yourRequestWasAccepted: 'Votre demande d’ami a été acceptée',
      acceptedYourRequest: 'a accepté votre demande d’ami',
      newGroup: 'Nouveau groupe',
      youWereAdded: 'Un groupe compte sur vous désormais',
      addedYou: 'Ajout au groupe par {name}',
    },
    {
      language: 'es',
      somebody: 'Alguien',
      kinds: { IMAGE: 'Foto', VIDEO: 'Vídeo', AUDIO: 'Mensaje de voz', FILE: 'Archivo' },
      newMessage: 'Mensaje nuevo',
      youHaveNewMessage: 'Tienes un mensaje nuevo',
      newMessages: { other: '{count} mensajes nuevos' },
      friendRequest: 'Solicitud de amistad',
      youHaveFriendRequest: 'Tienes una nueva solicitud de amistad',
      wantsToBeFriends: 'te ha enviado una solicitud de amistad',
      yourRequestWasAccepted: 'Tu solicitud de amistad ha sido aceptada',
      acceptedYourRequest: 'ha aceptado tu solicitud de amistad',
      newGroup: 'Grupo nuevo',
      youWereAdded: 'Ahora formas parte de un grupo',
      addedYou: '{name} te ha añadido al grupo',
    },
    {
      language: 'pt',
      somebody: 'Alguém',
      kinds: { IMAGE: 'Foto', VIDEO: 'Vídeo', AUDIO: 'Mensagem de voz', FILE: 'Arquivo' },
      newMessage: 'Nova mensagem',
      youHaveNewMessage: 'Você tem uma nova mensagem',
      newMessages: { other: '{count} novas mensagens' },
      friendRequest: 'Pedido de amizade',
      youHaveFriendRequest: 'Você tem um novo pedido de amizade',
      wantsToBeFriends: 'enviou um pedido de amizade',
      yourRequestWasAccepted: 'Seu pedido de amizade foi aceito',
      acceptedYourRequest: 'aceitou seu pedido de amizade',
      newGroup: 'Novo grupo',
      youWereAdded: 'Agora você faz parte de um grupo',
      addedYou: '{name} adicionou você ao grupo',
    },
    {
      language: 'it',
      somebody: 'Qualcuno',
      kinds: { IMAGE: 'Foto', VIDEO: 'Video', AUDIO: 'Messaggio vocale', FILE: 'File' },
      newMessage: 'Nuovo messaggio',
      youHaveNewMessage: 'Hai un nuovo messaggio',
      newMessages: { other: '{count} nuovi messaggi' },
      friendRequest: 'Richiesta di amicizia',
      youHaveFriendRequest: 'Hai una nuova richiesta di amicizia',
      wantsToBeFriends: 'ti ha inviato una richiesta di amicizia',
      yourRequestWasAccepted: 'La tua richiesta di amicizia è stata accettata',
      acceptedYourRequest: 'ha accettato la tua richiesta di amicizia',
      newGroup: 'Nuovo gruppo',
      youWereAdded: 'Ora fai parte di un gruppo',
      addedYou: '{name} ti ha aggiunto al gruppo',
    },
    {
      language: 'ru',
      somebody: 'Кто-то',
      kinds: { IMAGE: 'Фото', VIDEO: 'Видео', AUDIO: 'Голосовое сообщение', FILE: 'Файл' },
      newMessage: 'Новое сообщение',
      youHaveNewMessage: 'Пришло новое сообщение',
      newMessages: {
        one: '{count} новое сообщение',
        few: '{count} новых сообщения',
        other: '{count} новых сообщений',
      },
      friendRequest: 'Заявка в друзья',
      youHaveFriendRequest: 'Пришла новая заявка в друзья',
      wantsToBeFriends: 'хочет добавить вас в друзья',
      yourRequestWasAccepted: 'Ваша заявка в друзья принята',
      acceptedYourRequest: 'принимает вашу заявку в друзья',
      newGroup: 'Новая группа',
      youWereAdded: 'Вас добавили в группу',
      addedYou: 'Вас добавили в группу · {name}',
    },
    {
      language: 'zh',
      somebody: '有人',
      kinds: { IMAGE: '图片', VIDEO: '视频', AUDIO: '语音消息', FILE: '文件' },
      newMessage: '新消息',
      youHaveNewMessage: '你有一条新消息',
      newMessages: { other: '{count} 条新消息' },
      friendRequest: '好友申请',
      youHaveFriendRequest: '你有一条新的好友申请',
      wantsToBeFriends: '请求添加你为好友',
      yourRequestWasAccepted: '你的好友申请已通过',
      acceptedYourRequest: '接受了你的好友申请',
      newGroup: '新群组',
      youWereAdded: '你已被加入一个群组',
      addedYou: '{name} 将你加入了群组',
    },
    {
      language: 'ja',
      somebody: '誰か',
      kinds: { IMAGE: '写真', VIDEO: '動画', AUDIO: 'ボイスメッセージ', FILE: 'ファイル' },
      newMessage: '新着メッセージ',
      youHaveNewMessage: '新しいメッセージがあります',
      newMessages: { other: '{count}件の新着メッセージ' },
      friendRequest: '友達リクエスト',
      youHaveFriendRequest: '新しい友達リクエストがあります',
      wantsToBeFriends: '友達リクエストが届きました',
      yourRequestWasAccepted: '友達リクエストが承認されました',
      acceptedYourRequest: '友達リクエストを承認しました',
      newGroup: '新しいグループ',
      youWereAdded: 'グループに追加されました',
      addedYou: '{name}さんがあなたをグループに追加しました',
    },
    {
      language: 'ar',
      somebody: 'شخص ما',
      kinds: { IMAGE: 'صورة', VIDEO: 'فيديو', AUDIO: 'رسالة صوتية', FILE: 'ملف' },
      newMessage: 'رسالة جديدة',
      youHaveNewMessage: 'لديك رسالة جديدة',
      newMessages: {
        two: 'رسالتان جديدتان',
        few: '{count} رسائل جديدة',
        other: '{count} رسالة جديدة',
      },
      friendRequest: 'طلب صداقة',
      youHaveFriendRequest: 'لديك طلب صداقة جديد',
      wantsToBeFriends: 'طلب صداقة جديد',
      yourRequestWasAccepted: 'تم قبول طلب صداقتك',
      acceptedYourRequest: 'تم قبول طلب صداقتك',
      newGroup: 'مجموعة جديدة',
      youWereAdded: 'تمت إضافتك إلى مجموعة',
      addedYou: 'تمت إضافتك إلى المجموعة بواسطة {name}',
    },
    {
      language: 'hi',
      somebody: 'कोई',
      kinds: { IMAGE: 'फ़ोटो', VIDEO: 'वीडियो', AUDIO: 'वॉइस मैसेज', FILE: 'फ़ाइल' },
      newMessage: 'नया मैसेज',
      youHaveNewMessage: 'आपके लिए एक नया मैसेज है',
      newMessages: { other: '{count} नए मैसेज' },
      friendRequest: 'फ़्रेंड रिक्वेस्ट',
      youHaveFriendRequest: 'आपके लिए एक नई फ़्रेंड रिक्वेस्ट है',
      wantsToBeFriends: 'की ओर से फ़्रेंड रिक्वेस्ट',
      yourRequestWasAccepted: 'आपकी फ़्रेंड रिक्वेस्ट स्वीकार कर ली गई',
      acceptedYourRequest: 'ने आपकी फ़्रेंड रिक्वेस्ट स्वीकार कर ली',
      newGroup: 'नया ग्रुप',
      youWereAdded: 'आपको एक ग्रुप में जोड़ा गया',
      addedYou: '{name} ने आपको ग्रुप में जोड़ा',
    },
  ].map((texts) => [texts.language, texts]),
);

export const LANGUAGES: readonly string[] = [...TEXTS.keys()];

/** Written with other characters than those that are here. */
const TRADITIONAL_CHINESE = /^zh-(hant|tw|hk|mo)(-|$)/;

/** The texts for a device's locale (`de-AT`, `pt_BR`); English where there are none in its language. */
export function textsOf(locale: string | null): NotificationTexts {
  const tag = (locale ?? '').toLowerCase().replaceAll('_', '-');
  if (TRADITIONAL_CHINESE.test(tag)) return ENGLISH;
  return TEXTS.get(tag.split('-')[0] ?? '') ?? ENGLISH;
}

/** @param shown the number as it is written, `100+` say */
export function newMessagesOf({ language, newMessages }: NotificationTexts, count: number, shown: string): string {
  const text = newMessages[new Intl.PluralRules(language).select(count)] ?? newMessages.other;
  return text.replace('{count}', () => shown);
}
