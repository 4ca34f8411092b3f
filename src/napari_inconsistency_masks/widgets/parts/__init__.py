"""Controls, tables, forms and colors that know nothing of images or networks."""
