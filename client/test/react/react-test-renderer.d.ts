/** What the tests use of it; its own types are a package of somebody else. */
declare module 'react-test-renderer' {
  export interface ReactTestRenderer {
    readonly root: { findByType(type: string): { readonly props: Record<string, unknown> } };
    update(element: import('react').ReactNode): void;
    unmount(): void;
  }
  export function create(element: import('react').ReactNode): ReactTestRenderer;
  export function act(work: () => Promise<void>): Promise<void>;
  export function act(work: () => void): void;
}
