import { Linking, Text } from 'react-native';
import { Words } from '../design/controls';
import { useColors } from '../design/theme';

/** Only these are links: what somebody types opens nothing else. */
const LINK = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])/g;

export function MessageText({ text }: { text: string }) {
  const { accent } = useColors();
  return (
    <Words style={{ lineHeight: 22 }}>
      {text.split(LINK).map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          <Text
            key={index}
            role="link"
            style={{ color: accent, textDecorationLine: 'underline' }}
            onPress={() => void Linking.openURL(part).catch(() => undefined)}
          >
            {part}
          </Text>
        ),
      )}
    </Words>
  );
}
