select customer, min(country) as country, count(*)::int as orders, sum(amount_eur)::numeric(18, 2) as spent_eur,
  (count(*) filter (where status = 'returned')::numeric / count(*))::numeric(5, 4) as returned_share,
  max(ordered_at) as last_order
from {{ ref('int_orders_eur') }}
group by customer
