import type { User } from '@parley/client';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../design/Icon.js';
import { Menu } from '../design/Menu.js';
import { below, type Place } from '../design/place.js';
import '../texts/more.js';
import { t } from '../texts/texts.js';

/** What may be done with somebody: a button, and the menu that it opens. */
export function ActionsMenu({ user, children }: { user: User; children: ComponentChildren }) {
  const [menu, openMenu] = useState<Place>();
  const label = t('list.actions', { name: user.displayName });
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={label}
        aria-haspopup="menu"
        onClick={(event) => openMenu(below(event))}
      >
        <Icon name="more" />
      </button>
      {menu === undefined ? null : (
        <Menu label={label} at={menu} onClose={() => openMenu(undefined)}>
          {children}
        </Menu>
      )}
    </>
  );
}
