import { Component, type ComponentChild, type FunctionComponent } from 'preact';

/** Draws again only where a property is another one. */
export function memo<Properties extends object>(draw: FunctionComponent<Properties>): FunctionComponent<Properties> {
  class Memo extends Component<Properties> {
    override shouldComponentUpdate(next: Readonly<Properties>): boolean {
      const [before, after] = [this.props as Record<string, unknown>, next as Record<string, unknown>];
      for (const name in after) if (before[name] !== after[name]) return true;
      for (const name in before) if (!(name in after)) return true;
      return false;
    }
    override render(properties: Properties): ComponentChild {
      return <Draw {...properties} />;
    }
  }
  const Draw = draw;
  return Memo as unknown as FunctionComponent<Properties>;
}
