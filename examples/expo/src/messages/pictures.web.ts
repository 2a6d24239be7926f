import * as ImagePicker from 'expo-image-picker';
import { forgetPickedPictures, type PickedPicture } from './picked-pictures';

/** A browser gives files as such, and knows no limit. */
export async function pickPictures(from: 'library' | 'camera', _limit: number): Promise<PickedPicture[]> {
  const { assets } =
    from === 'camera'
      ? await ImagePicker.launchCameraAsync({ mediaTypes: ['images'] })
      : await ImagePicker.launchImageLibraryAsync({ mediaTypes: ['images'], allowsMultipleSelection: true });
  return (assets ?? []).flatMap(({ uri, file }) => (file === undefined ? [] : [{ uri, source: file }]));
}

/** A browser keeps no copies. */
export function removePickedPictures(): void {
  forgetPickedPictures();
}
