/** One user's REST calls, and the tokens they are made with. */
export class Account {
  #server;
  #tokens;

  constructor(server) {
    this.#server = server;
  }

  get accessToken() {
    return this.#tokens?.accessToken;
  }

  /** Logs in; who is not known yet is registered. */
  async logIn(username, password) {
    this.#tokens = await this.call('POST', '/auth/login', { username, password }).catch((error) => {
      if (error.code !== 'INVALID_CREDENTIALS') throw error;
      return this.call('POST', '/auth/register', { username, password, email: `${username}@example.com` });
    });
    return this.call('GET', '/users/me');
  }

  /** Spends the refresh token for a new pair. */
  async renew() {
    this.#tokens = await this.call('POST', '/auth/refresh', { refreshToken: this.#tokens.refreshToken });
  }

  /** Throws an error with the server's `code`; without one where there was no answer. */
  async call(method, path, body) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.accessToken}` };
    const response = await fetch(this.#server + path, { method, headers, body: JSON.stringify(body) });
    const answer = response.status === 204 ? undefined : await response.json();
    if (response.ok) return answer;
    if (answer.code === 'TOKEN_EXPIRED') return this.renew().then(() => this.call(method, path, body));
    const [detail = answer.detail] = Object.values(answer.errors ?? {}).flat();
    throw Object.assign(new Error(detail), { code: answer.code });
  }

  async list(path) {
    return (await this.call('GET', path)).items;
  }
}
