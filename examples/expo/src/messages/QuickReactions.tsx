import type { MessageItem } from '@parley/client';
import { Pressable, Text, View } from 'react-native';
import { RADIUS, TAP, useColors } from '../design/theme';

const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

interface Properties {
  item: MessageItem;
  onPick: (emoji: string, remove: boolean) => void;
}

export function QuickReactions({ item, onPick }: Properties) {
  const { accentSoft } = useColors();
  return (
    <View style={{ flexDirection: 'row', justifyContent: 'space-between' }}>
      {EMOJI.map((emoji) => {
        const isMine = item.reactions.some((reaction) => reaction.emoji === emoji && reaction.mine);
        return (
          <Pressable
            key={emoji}
            role="button"
            aria-label={isMine ? `Take ${emoji} back` : `React with ${emoji}`}
            onPress={() => onPick(emoji, isMine)}
            style={{
              width: TAP,
              height: TAP,
              alignItems: 'center',
              justifyContent: 'center',
              borderRadius: RADIUS.l,
              backgroundColor: isMine ? accentSoft : 'transparent',
            }}
          >
            <Text style={{ fontSize: 26 }}>{emoji}</Text>
          </Pressable>
        );
      })}
    </View>
  );
}
