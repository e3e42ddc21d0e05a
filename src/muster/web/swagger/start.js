// validatorUrl: null, or the page would send its address to a validator on the internet.
window.ui = SwaggerUIBundle({
  url: "../v2/api-docs",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  displayRequestDuration: true,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
