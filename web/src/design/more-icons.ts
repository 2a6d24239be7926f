import { addIcons } from './Icon.js';
import { MORE_PATHS } from './more-paths.js';

// Imported by every part of the page that is fetched later, for its icons.
addIcons(MORE_PATHS);
