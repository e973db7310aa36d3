// An answer as data: all that a page sees of one.

const path = (url) => url && new URL(url).pathname;

/** With its body as text. */
export const text = async (response) => ({
  class: response.constructor.name,
  own: Reflect.ownKeys(response).length,
  status: [response.status, response.statusText, response.ok],
  type: response.type,
  redirected: response.redirected,
  path: path(response.url),
  headers: [...response.headers].filter(([name]) => name !== "date"),
  bodyUsed: response.bodyUsed,
  locked: response.body?.locked,
  text: await response.text(),
});

/** What an echo tells of the request. */
export const json = async (response) => {
  // No JSON where the server did not take the request.
  const text = await response.text();
  return { status: response.status, ...(text && JSON.parse(text)) };
};
