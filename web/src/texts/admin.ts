import { admin } from './en-admin.js';
import { addTexts } from './texts.js';

// Imported by the moderators' page, for its texts.
addTexts(admin);
