interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** The page starts without a network from its next visit on. Only where the browser allows it (https, localhost). */
export function keepForOffline(): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  // The one script URL that is made at run time; the page's policy asks that it says so.
  const policy = trustedTypes?.createPolicy('parley', {
    createScriptURL: (url) => {
      if (url !== '/sw.js') throw new TypeError('not a script of this page');
      return url;
    },
  });
  const url = policy?.createScriptURL('/sw.js') ?? '/sw.js';
  navigator.serviceWorker.register(url).catch(() => undefined);
}
