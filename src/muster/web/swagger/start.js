// Gives the identifiers of the example, where they were left as they are, a suffix that no batch had before, so that
// every Execute sends new customers. Swagger UI shows the request that it sent. Requests with the same Idempotency-Key
// must be equal, so their suffix comes from the key. The text is replaced, because JSON.parse would round numbers.
function freshenIdentifiers(request) {
  if (typeof request.body === "string") {
    const key = request.headers["Idempotency-Key"];
    const suffix = key ? key.replace(/\W/g, "").slice(-64) : new Date().toISOString().replace(/\D/g, "");
    request.body = request.body.replace(/"(Individual|Organization)(ComNumber|ExtId)0"/g, `"$1$2-${suffix}"`);
  }
  return request;
}

// validatorUrl: null, or the page would send its address to a validator on the internet.
window.ui = SwaggerUIBundle({
  url: "../v2/api-docs",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  displayRequestDuration: true,
  requestInterceptor: freshenIdentifiers,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
