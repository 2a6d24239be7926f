import { render } from 'preact';
import { ChatProvider } from '@parley/client/react';
import { App } from './app/App.js';
import { applyTheme } from './settings/theme.js';
import { client } from './session/client.js';
import { takeInvitation } from './session/invitation.js';
import { watchOtherTabs } from './session/other-tabs.js';
import { keepForOffline } from './offline/offline.js';
import { loadTexts } from './texts/texts.js';
import './design/tokens.css';
import './design/base.css';
import './app/app.css';

applyTheme();
takeInvitation();
watchOtherTabs(() => client.userId);
const root = document.getElementById('root');
await Promise.all([loadTexts(), client.ready]);
if (root !== null)
  render(
    <ChatProvider client={client}>
      <App />
    </ChatProvider>,
    root,
  );
keepForOffline();
